/** Snapshots of a driver's volumes. Kept with their objects gone, unless told otherwise. */
export function snapshotClassOf(
  name: string,
  driver: string,
  deleteData: boolean,
  parameters?: Record<string, string>,
) {
  return {
    apiVersion: "snapshot.storage.k8s.io/v1" as const,
    kind: "VolumeSnapshotClass" as const,
    metadata: { name },
    driver,
    deletionPolicy: deleteData ? "Delete" : "Retain",
    ...(parameters === undefined ? {} : { parameters }),
  };
}
