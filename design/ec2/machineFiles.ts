import type { Ec2Config } from "../../config/schema.ts";
import { awsCloudController } from "../../config/versions.ts";
import type { EtcdPlan } from "../etcdPlan.ts";
import type { KubernetesPlan, NodePlan } from "../kubernetesPlan.ts";
import type { MachineFile, MachinePlan, MachineStep } from "../machine.ts";
import { secretsFor } from "../pki.ts";
import { clusterServicesStep } from "../render/clusterServices.ts";
import { containerdStep } from "../render/containerd.ts";
import { controlPlaneStep } from "../render/controlPlane.ts";
import { etcdStep } from "../render/etcd.ts";
import { etcdClientStep, etcdSnapshotsStep } from "../render/etcdClient.ts";
import { nodeStep } from "../render/node.ts";
import { overlayStep } from "../render/overlay.ts";
import { libraryDir, pkiStep, script, stepScript, unit } from "../render/pki.ts";
import { fill, type Templates, text } from "../render/template.ts";
import { workerStep } from "../render/workers.ts";
import type { Ec2MemberPlan } from "./etcdMembers.ts";
import { controlPlaneNode, machineFacts } from "./kubernetes.ts";

/** What the files of every machine are rendered from. */
export interface FileSources {
  config: Ec2Config;
  templates: Templates;
  kubernetes: KubernetesPlan;
  etcd: EtcdPlan;
}

/** Files of one etcd member; its name and address are known beforehand. */
export function etcdMachine(
  sources: FileSources,
  member: Ec2MemberPlan,
  order: number,
): MachinePlan {
  const { templates, kubernetes, etcd } = sources;
  const { name, address, zone, dnsName } = member;
  return {
    name,
    address,
    zone,
    secrets: secretsFor(["etcd"]),
    steps: [
      changed(nodeStep(templates, kubernetes, { name, address, isKubernetesNode: false }), [
        apiName(templates),
      ]),
      pkiStep(templates, { name, address, roles: ["etcd"], dnsNames: [dnsName] }, order),
      changed(etcdStep(templates, etcd, member), [
        script(templates, "ec2/markerStore.sh", `${libraryDir}/etcd/marker-store`),
      ]),
    ],
  };
}

/** Files of the control planes of one zone. */
export function controlPlaneMachine(
  sources: FileSources,
  zone: string,
  order: number,
): MachinePlan {
  const { templates, kubernetes, etcd, config } = sources;
  const node = controlPlaneNode;
  const { name, address } = node;
  return {
    name,
    address,
    zone,
    secrets: secretsFor(["control-plane"]),
    steps: [
      ec2NodeStep(templates, kubernetes),
      pkiStep(templates, { name, address, roles: ["control-plane"] }, order),
      containerdStep(templates, kubernetes),
      ...podNetwork(templates, kubernetes, config),
      etcdClientStep(templates, etcd, address, "control-plane"),
      controlPlaneStep(templates, kubernetes, etcd, node),
      changed(clusterServicesStep(templates, kubernetes), clusterFiles(templates, kubernetes)),
      changed(etcdSnapshotsStep(templates, etcd), [
        script(templates, "ec2/uploadSnapshots.sh", `${libraryDir}/uploadSnapshots.sh`),
        override(templates, "etcd-snapshot", "ec2/snapshot.conf"),
      ]),
      lifecycleStep(templates),
    ],
  };
}

/** Files of a pool's workers, in any zone. */
export function workerMachine(sources: FileSources, node: NodePlan): MachinePlan {
  const { templates, kubernetes, config } = sources;
  const { name, address } = node;
  return {
    name,
    address,
    zone: machineFacts.zone,
    secrets: secretsFor(["worker"]),
    steps: [
      ec2NodeStep(templates, kubernetes),
      pkiStep(templates, { name, address, roles: ["worker"] }, 0),
      containerdStep(templates, kubernetes),
      ...podNetwork(templates, kubernetes, config),
      changed(workerStep(templates, kubernetes, node), [
        script(templates, "ec2/joinToken.sh", "/usr/local/bin/quorum-join-token"),
      ]),
      lifecycleStep(templates),
    ],
  };
}

/** A step as on hosts, with these files more or instead of those of the same path. */
export function changed(step: MachineStep, files: MachineFile[]): MachineStep {
  const paths = new Set(files.map(({ path }) => path));
  return { ...step, files: [...step.files.filter(({ path }) => !paths.has(path)), ...files] };
}

export function apiName(templates: Templates): MachineFile {
  return script(templates, "ec2/apiName.sh", "/usr/local/bin/quorum-api-name");
}

function ec2NodeStep(templates: Templates, plan: KubernetesPlan): MachineStep {
  const { instanceId: name, address } = machineFacts;
  return changed(nodeStep(templates, plan, { name, address, isKubernetesNode: true }), [
    apiName(templates),
    {
      path: "/etc/quorum/host.kubeconfig",
      mode: "0644",
      text: fill(templates, "ec2/host.kubeconfig", {
        API_NAME: plan.apiName,
        API_PORT: plan.apiPort,
      }),
    },
  ]);
}

function podNetwork(templates: Templates, plan: KubernetesPlan, config: Ec2Config): MachineStep[] {
  if (config.podNetwork === "none") return [];
  const far = config.remoteWorkers && {
    ranges: config.remoteWorkers.cidrs,
    mtuBytes: config.remoteWorkers.podMtuBytes,
  };
  return [overlayStep(templates, plan.network, far)];
}

function clusterFiles(templates: Templates, plan: KubernetesPlan): MachineFile[] {
  const manifest = (name: string, content: string): MachineFile => ({
    path: `/etc/quorum/manifests/${name}`,
    mode: "0644",
    text: content,
  });
  const version = awsCloudController[plan.versions.kubernetes];
  if (version === undefined)
    throw new RangeError(`versions.ts has no cloud controller for ${plan.versions.kubernetes}`);
  return [
    manifest("hostAccess.yaml", text(templates, "ec2/hostAccess.yaml")),
    manifest(
      "cloudController.yaml",
      fill(templates, "ec2/cloudController.yaml", {
        IMAGE: `registry.k8s.io/provider-aws/cloud-controller-manager:v${version}`,
        CLUSTER: plan.clusterName,
      }),
    ),
    script(templates, "ec2/publishToken.sh", `${libraryDir}/publishToken.sh`),
    override(templates, "quorum-token", "ec2/token.conf"),
    script(templates, "ec2/hostNames.sh", `${libraryDir}/hostNames.sh`),
  ];
}

function override(templates: Templates, service: string, template: string): MachineFile {
  return {
    path: `/etc/systemd/system/${service}.service.d/ec2.conf`,
    mode: "0644",
    text: text(templates, template),
  };
}

function lifecycleStep(templates: Templates): MachineStep {
  return {
    name: "lifecycle",
    script: stepScript("lifecycle"),
    oneAtATime: false,
    files: [
      script(templates, "ec2/lifecycle-step.sh", stepScript("lifecycle")),
      script(templates, "ec2/lifecycle.sh", `${libraryDir}/lifecycle.sh`),
      unit(templates, "ec2/quorum-lifecycle.service"),
    ],
  };
}
