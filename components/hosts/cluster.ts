import * as pulumi from "@pulumi/pulumi";
import type { HostRole, SshConfig } from "../../config/schema.ts";
import type { HostsPlan } from "../../design/hosts.ts";
import type { Templates } from "../../design/render/template.ts";
import { adminKubeconfig } from "../kubeconfig.ts";
import { ClusterPki } from "../pki.ts";
import { ClientCertificate } from "./clientCertificate.ts";
import { Machine } from "./machine.ts";

const adminCertificateDays = 365;

export interface HostsClusterArgs {
  plan: HostsPlan;
  templates: Templates;
  ssh: SshConfig;
  /** Text of the SSH key. */
  privateKey: pulumi.Input<string>;
}

/**
 * A highly available cluster on hosts that answer SSH.
 * Survives the loss of any one zone, machine or load balancer; does not survive two etcd members.
 */
export class HostsCluster extends pulumi.ComponentResource {
  /** URL of the API behind the virtual address. */
  readonly endpoint: string;
  /** Of a cluster administrator; secret. Known when every machine is ready. */
  readonly kubeconfig: pulumi.Output<string>;
  /** PEM of the Kubernetes CA. */
  readonly certificateAuthority: pulumi.Output<string>;
  /** Client URLs of the etcd members. */
  readonly etcdEndpoints: string[];

  constructor(name: string, args: HostsClusterArgs, opts?: pulumi.ComponentResourceOptions) {
    const { plan } = args;
    const facts = {
      name: plan.clusterName,
      zones: plan.zones,
      dns: plan.dns,
      needsEgress: plan.needsEgress,
    };
    super("quorum:hosts:Cluster", name, facts, opts);
    const child = { parent: this };
    const pki = new ClusterPki(
      name,
      { clusterName: plan.clusterName, protect: plan.deletionProtection },
      child,
    );
    registerLoadBalancer(name, plan, child);
    const machines = plan.machines.map(
      (machine) => new Machine(machine.name, { ...args, plan: machine, roots: pki.roots }, child),
    );
    deliverAll(machines, plan);

    const administrator = new ClientCertificate(
      `${name}-administrator`,
      {
        commonName: "quorum:administrator",
        organization: "kubeadm:cluster-admins",
        lifetimeDays: adminCertificateDays,
        authority: {
          certificate: pki.roots["kubernetes-ca.crt"],
          key: pki.roots["kubernetes-ca.key"],
        },
      },
      child,
    );
    const { vip, port } = plan.loadBalancer;
    this.endpoint = `https://${vip}:${port}`;
    this.certificateAuthority = pulumi.unsecret(pki.roots["kubernetes-ca.crt"]);
    this.etcdEndpoints = plan.etcd.members.map(({ address }) => `https://${address}:2379`);
    this.kubeconfig = pulumi.secret(
      pulumi
        .all([
          pki.roots["kubernetes-ca.crt"],
          administrator.certificate,
          administrator.key,
          // A kubeconfig of a cluster that is not there yet would be of no use.
          ...machines.flatMap(({ ready }) => (ready === undefined ? [] : [ready.id])),
        ])
        .apply(([ca = "", certificate = "", key = ""]) =>
          adminKubeconfig(plan.clusterName, { server: this.endpoint }, { ca, certificate, key }),
        ),
    );
    this.registerOutputs({ endpoint: this.endpoint });
  }
}

/** Says what stands behind the virtual address; its machines are registered like all others. */
function registerLoadBalancer(
  name: string,
  { loadBalancer, machines }: HostsPlan,
  opts: pulumi.ComponentResourceOptions,
): void {
  const members = loadBalancer.balancers.map((one) => one.name);
  new pulumi.ComponentResource(
    "quorum:hosts:ApiLoadBalancer",
    `${name}-api`,
    {
      vip: loadBalancer.vip,
      port: loadBalancer.port,
      segment: machines.find((one) => members.includes(one.name))?.segment,
      members,
      backends: loadBalancer.apiServers.map((one) => one.name),
    },
    opts,
  );
}

/**
 * Every host is looked at before the first is changed. Then bundles go out by role, which costs a
 * moment at first boot and makes `destroy` take workers first and etcd last; the work itself waits
 * on the machines for what it needs. Load balancers change one after the other.
 */
function deliverAll(machines: Machine[], plan: HostsPlan): void {
  const preflights = machines.map(({ preflight }) => preflight);
  const rolesOf = new Map(plan.machines.map(({ name, roles }) => [name, roles]));
  const placed: Record<HostRole, pulumi.Resource[]> = {
    etcd: [],
    "load-balancer": [],
    "control-plane": [],
    worker: [],
  };
  const before: Record<HostRole, HostRole[]> = {
    etcd: [],
    "load-balancer": [],
    "control-plane": ["etcd"],
    worker: ["etcd", "control-plane"],
  };
  let previousBalancer: pulumi.Resource[] = [];
  for (const [index, machine] of machines.entries()) {
    const roles = rolesOf.get(plan.machines[index]?.name ?? "") ?? [];
    const isBalancer = roles.includes("load-balancer");
    // A host of several roles stands where its first one does.
    const role = (["etcd", "load-balancer", "control-plane", "worker"] as const).find((one) =>
      roles.includes(one),
    );
    if (role === undefined) continue;
    machine.deliver(preflights, [
      ...before[role].flatMap((one) => placed[one]),
      ...(isBalancer ? previousBalancer : []),
    ]);
    if (machine.bundle !== undefined) placed[role].push(machine.bundle);
    if (isBalancer && machine.ready !== undefined) previousBalancer = [machine.ready];
  }
}
