import type * as pulumi from "@pulumi/pulumi";

/**
 * Objects that hold nothing outside their cluster are gone with it: `destroy` forgets them instead of
 * asking an API that is about to go, so that no finalizer can hold it up.
 */
export function goesWith(cluster: pulumi.Resource): pulumi.ResourceTransformation {
  return ({ props, opts }) => ({ props, opts: { ...opts, deletedWith: cluster } });
}
