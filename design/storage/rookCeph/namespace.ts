/** Of the operator and of everything that it makes. */
export const rookNamespace = "rook-ceph";
