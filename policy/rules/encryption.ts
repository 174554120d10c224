import { at, entriesIn } from "../../proof/read.ts";
import type { PlannedResource, ResourceRule } from "../rule.ts";

const isOn = (value: unknown): boolean => value === true || value === "true";

function launchTemplate({ inputs }: PlannedResource): string[] {
  return entriesIn(at(inputs, "blockDeviceMappings"))
    .filter((mapping) => at(mapping, "ebs") !== undefined && !isOn(at(mapping, "ebs", "encrypted")))
    .map((mapping) => `volume ${at(mapping, "deviceName")} is not encrypted: set ebs.encrypted`);
}

function cluster({ inputs }: PlannedResource): string[] {
  const own = inputs.encryptionConfigKeyArn ?? inputs.encryptionConfig;
  return own === undefined
    ? ["Secrets are not encrypted with a key of your own: set encryptionConfigKeyArn"]
    : [];
}

function storageClass({ inputs }: PlannedResource): string[] {
  if (inputs.provisioner !== "ebs.csi.aws.com") return [];
  return isOn(at(inputs, "parameters", "encrypted"))
    ? []
    : ['volumes of this class are not encrypted: set parameters.encrypted to "true"'];
}

/** A resource of these types with an `encrypted` switch that is not on. */
function withSwitch({ inputs }: PlannedResource): string[] {
  return isOn(inputs.encrypted) ? [] : ["it is not encrypted: set encrypted"];
}

const checks: Record<string, (resource: PlannedResource) => string[]> = {
  "aws:ec2/launchTemplate:LaunchTemplate": launchTemplate,
  "aws:ebs/volume:Volume": withSwitch,
  "aws:efs/fileSystem:FileSystem": withSwitch,
  "eks:index:Cluster": cluster,
  "aws:eks/cluster:Cluster": cluster,
  "kubernetes:storage.k8s.io/v1:StorageClass": storageClass,
};

export const encryption: ResourceRule = {
  kind: "resource",
  name: "encryption-at-rest",
  description: "Volumes and the Secrets of the cluster are encrypted.",
  level: "mandatory",
  check: (resource) => checks[resource.type]?.(resource) ?? [],
};
