import type { Change } from "../graph.ts";
import type { Finding, Update } from "../transition.ts";

/** Kinds that hold data or the keys to it, and what is lost with them. */
const holdsData: [RegExp, string][] = [
  [/^aws:ebs\/volume:Volume$/, "the data on it"],
  [/^aws:s3\/bucket(V2)?:Bucket(V2)?$/, "the objects in it"],
  [/^aws:(rds|dynamodb|efs|docdb|elasticache)\//, "the data in it"],
  [/^aws:kms\/key:Key$/, "everything encrypted with it"],
  [/^(eks:index|aws:eks\/cluster):Cluster$/, "every object of the cluster"],
  [/^kubernetes:core\/v1:(PersistentVolume|PersistentVolumeClaim)$/, "the data on it"],
  [/^kubernetes:core\/v1:Namespace$/, "everything in it"],
  [/^kubernetes:ceph\.rook\.io\/v1:Ceph/, "the data in it"],
  [/^kubernetes:core\.libopenstorage\.org\/v1:StorageCluster$/, "the data in it"],
  [/^kubernetes:apiextensions\.k8s\.io\/v1:CustomResourceDefinition$/, "all objects of its kind"],
  [/^tls:index\/privateKey:PrivateKey$/, "the trust in all certificates below it"],
  [/^random:index\/randomBytes:RandomBytes$/, "everything encrypted with it"],
];

/** Keys that a certificate was asked for: whoever signed it signs the next one too. */
function leafKeys({ before }: Update): ReadonlySet<string> {
  const requests = before.ofType("tls:index/certRequest:CertRequest");
  return new Set(requests.flatMap(({ dependencies }) => dependencies));
}

function lossOf(
  { urn, operation, before }: Change,
  leaves: ReadonlySet<string>,
): string | undefined {
  if (operation !== "delete" && operation !== "replace") return undefined;
  if (!before || before.retainOnDelete) return undefined;
  const known = leaves.has(urn)
    ? undefined
    : holdsData.find(([pattern]) => pattern.test(before.type))?.[1];
  return known ?? (before.protect ? "what is protected in it" : undefined);
}

/** Whatever holds data and would be deleted or replaced. */
export function dataLoss(update: Update): Finding[] {
  const leaves = leafKeys(update);
  return update.graph.changes.flatMap((change): Finding[] => {
    const loss = lossOf(change, leaves);
    const { before, operation } = change;
    if (loss === undefined || !before) return [];
    const verb = operation === "delete" ? "deletes" : "replaces";
    const why =
      change.replaceKeys.length > 0 ? ` (because of ${change.replaceKeys.join(", ")})` : "";
    return [
      {
        rule: "data",
        subject: before.name,
        sentence: `this update ${verb} ${before.type} ${before.name}${why} and with it ${loss}`,
        fix: `keep it, set retainOnDelete, or allow it with --allow data:${before.name}`,
      },
    ];
  });
}
