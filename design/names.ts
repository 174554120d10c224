/** Names given by us, from the cluster's. Where AWS can name a thing itself, it does. */

/** What AWS or Kubernetes must know under a fixed name. */
export interface ClusterNames {
  /** The cluster itself. */
  cluster: string;
  /** EKS writes control-plane logs to this group and no other. */
  controlPlaneLogGroup: string;
  flowLogGroup: string;
}

export function clusterNames(cluster: string): ClusterNames {
  return {
    cluster,
    controlPlaneLogGroup: `/aws/eks/${cluster}/cluster`,
    flowLogGroup: `/quorum/${cluster}/vpc-flow-logs`,
  };
}
