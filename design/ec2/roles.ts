import type { Ec2Config } from "../../config/schema.ts";
import type { RolePlan } from "../iam.ts";
import {
  autoscalerStatements,
  flowLogStatements,
  loadBalancerStatements,
  type StatementPlan,
  volumeDriverStatements,
} from "../iamStatements.ts";
import { portworxStatements } from "../storage/portworx/role.ts";
import { type Ec2Role, ec2Names } from "./names.ts";
import {
  cloudControllerStatements,
  type Ec2Scope,
  etcdVolumeStatements,
  imageStatements,
  machineStatements,
  markerStatements,
  restoreStatements,
  snapshotStatements,
  tokenStatements,
} from "./statements.ts";

export type Ec2RoleName = Ec2Role | "flow-logs";

/**
 * One role for each kind of machine, each with one path of secrets, and one for the flow logs. No
 * policy of AWS's own is used: the usual one for Session Manager would open every SSM parameter.
 */
export function planEc2Roles(config: Ec2Config): Record<Ec2RoleName, RolePlan<Ec2RoleName>> {
  const names = ec2Names(config.name, config.accountId, config.region);
  const scope: Ec2Scope = {
    region: config.region,
    account: config.accountId,
    cluster: config.name,
    names,
  };
  const machine = (role: Ec2Role, more: StatementPlan[]): RolePlan<Ec2RoleName> => ({
    purpose: role,
    service: "ec2.amazonaws.com",
    trustActions: ["sts:AssumeRole"],
    managedPolicies: [],
    statements: [...machineStatements(scope, role), ...more],
  });
  const has = (backend: string) => config.storage.some((one) => one.backend === backend);
  const legacy = { ...scope, flowLogGroup: names.flowLogGroup };
  return {
    etcd: machine("etcd", [
      ...markerStatements(scope),
      ...etcdVolumeStatements(scope),
      ...restoreStatements(scope),
    ]),
    "control-plane": machine("control-plane", [
      ...tokenStatements(scope),
      ...snapshotStatements(scope),
      ...imageStatements(scope),
      ...cloudControllerStatements(),
      // On control planes, because pods elsewhere do not reach the metadata service.
      ...autoscalerStatements(legacy).filter(({ actions }) => !actions[0]?.startsWith("eks:")),
      ...(has("ebs") ? volumeDriverStatements(legacy) : []),
      ...(config.ingress === undefined ? [] : loadBalancerStatements(legacy)),
    ]),
    worker: machine("worker", [
      ...imageStatements(scope),
      // Portworx's pods share their machine's network, and so its role.
      ...(has("portworx") ? portworxStatements(config) : []),
    ]),
    "flow-logs": {
      purpose: "flow-logs",
      service: "vpc-flow-logs.amazonaws.com",
      trustActions: ["sts:AssumeRole"],
      sourceAccount: config.accountId,
      managedPolicies: [],
      statements: flowLogStatements(legacy),
    },
  };
}
