import type { ResourceRule } from "../rule.ts";

/** Kinds whose loss loses data, or the keys or names to it. */
const holdsData = [
  /^aws:kms\/key:Key$/,
  /^aws:ebs\/volume:Volume$/,
  /^aws:s3\/bucket(V2)?:Bucket(V2)?$/,
  /^aws:(rds|dynamodb|efs|docdb)\/(instance|cluster|table|fileSystem):/,
  /^(eks:index|aws:eks\/cluster):Cluster$/,
  /^kubernetes:ceph\.rook\.io\/v1:Ceph(Cluster|BlockPool|Filesystem|ObjectStore)$/,
  /^kubernetes:core\.libopenstorage\.org\/v1:StorageCluster$/,
];

export const protectData: ResourceRule = {
  kind: "resource",
  name: "protect-data",
  description: "What holds data cannot be deleted by an update or a destroy alone.",
  // Rehearsal stacks are made to be torn down: they turn deletion protection off on purpose.
  level: "advisory",
  check({ type, protect, retainOnDelete }) {
    if (protect || retainOnDelete || !holdsData.some((pattern) => pattern.test(type))) return [];
    return ["it holds data and nothing protects it: set protect or retainOnDelete"];
  },
};
