import * as command from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import type { SshConfig } from "../../config/schema.ts";
import type { HostPlan } from "../../design/hosts.ts";
import type { RootSecret } from "../../design/machine.ts";
import { renderBundle } from "../../design/render/bundle.ts";
import type { Templates } from "../../design/render/template.ts";
import { ClientCertificate } from "./clientCertificate.ts";
import { bundleDigest, connectionTo, remoteScript, secretsText } from "./delivery.ts";

/** Ten years, as the authority itself: it lets a host read the join token and nothing else. */
const hostCertificateDays = 3650;

export interface MachineArgs {
  plan: HostPlan;
  templates: Templates;
  ssh: SshConfig;
  /** Text of the SSH key. */
  privateKey: pulumi.Input<string>;
  /** Those that the plan names, and the authority's pair where it has a host certificate. */
  roots: Partial<Record<RootSecret, pulumi.Input<string>>>;
  /** Given once, where the machine cannot fetch one itself. Default: none. */
  joinToken?: pulumi.Input<string>;
}

/**
 * One host of the stack: looked at, given its key material and its bundle, and waited for.
 * The machine works by itself from the moment it has the bundle; `ready` only watches.
 */
export class Machine extends pulumi.ComponentResource {
  /** Changes nothing, fails with everything that is wrong with the host. */
  readonly preflight: command.remote.Command;
  /** Set by `deliver`. */
  bundle: command.remote.Command | undefined;
  /** Set by `deliver`: done when the machine has carried out its bundle and is healthy. */
  ready: command.remote.Command | undefined;
  private readonly args: MachineArgs;

  constructor(name: string, args: MachineArgs, opts?: pulumi.ComponentResourceOptions) {
    const { plan } = args;
    const facts = {
      machine: plan.name,
      zone: plan.zone,
      address: plan.address,
      roles: plan.roles,
      segment: plan.segment,
      labels: plan.labels,
      taints: plan.taints,
      ...(plan.size ?? {}),
      ...(plan.physicalHost === undefined ? {} : { host: plan.physicalHost }),
      steps: plan.paces,
    };
    super("quorum:hosts:Machine", name, facts, opts);
    this.args = args;
    this.preflight = this.remote("preflight", {
      create: this.creation("preflight"),
      stdin: plan.preflight,
    });
  }

  /**
   * Registers what changes the host.
   * @param after What must have succeeded before the host is touched, e.g. every preflight.
   * @param afterBundle What must be there before this host is given its work.
   */
  deliver(after: pulumi.Resource[], afterBundle: pulumi.Resource[]): void {
    const { plan, templates } = this.args;
    const secrets = this.remote(
      "secrets",
      {
        create: this.creation("writeSecrets"),
        delete: this.script("removeSecrets"),
        stdin: pulumi.secret(this.secrets()),
        logging: command.remote.Logging.None,
      },
      after,
    );
    const before = [secrets, ...this.joinToken(after)];
    const bundle = renderBundle(templates, plan);
    this.bundle = this.remote(
      "bundle",
      { create: this.creation("unpack"), delete: this.script("remove"), stdin: bundle },
      [...before, ...afterBundle],
    );
    this.ready = this.remote(
      "ready",
      { create: this.creation("await"), stdin: `${bundleDigest(bundle)}\n` },
      [this.bundle],
    );
    this.registerOutputs({});
  }

  private remote(
    what: string,
    args: Omit<command.remote.CommandArgs, "connection">,
    dependsOn: pulumi.Resource[] = [],
    ignoreChanges: string[] = [],
  ): command.remote.Command {
    const { plan, ssh, privateKey } = this.args;
    return new command.remote.Command(
      `${plan.name}-${what}`,
      { ...args, connection: connectionTo(plan.address, ssh, privateKey) },
      {
        parent: this,
        dependsOn,
        ignoreChanges,
        customTimeouts: { create: "40m", update: "40m", delete: "10m" },
      },
    );
  }

  /** The token of the hour is another one with every run, and a machine that has joined needs none. */
  private joinToken(after: pulumi.Resource[]): command.remote.Command[] {
    const { joinToken } = this.args;
    if (joinToken === undefined) return [];
    const args = {
      create: this.script("writeJoinToken"),
      stdin: pulumi.secret(joinToken),
      logging: command.remote.Logging.None,
    };
    return [this.remote("token", args, after, ["stdin"])];
  }

  private root(name: RootSecret): pulumi.Input<string> {
    const value = this.args.roots[name];
    if (value === undefined) throw new Error(`${this.args.plan.name} is given no ${name}`);
    return value;
  }

  /** A changed text runs again: so a machine that was installed anew is given everything. */
  private creation(name: string): string {
    const { installation } = this.args.plan;
    return `${this.script(name)}${installation > 1 ? `\n# installation ${installation}\n` : ""}`;
  }

  private script(name: string): string {
    return remoteScript(this.args.templates, name, this.args.ssh.user);
  }

  private secrets(): pulumi.Output<string> {
    const { plan } = this.args;
    const values = plan.secrets.map((root) => [root, this.root(root)] as const);
    const own = plan.hasHostCertificate ? this.hostCertificate() : {};
    return pulumi.all({ ...Object.fromEntries(values), ...own }).apply(secretsText);
  }

  private hostCertificate(): Record<"host.crt" | "host.key", pulumi.Output<string>> {
    const { plan } = this.args;
    const certificate = new ClientCertificate(
      `${plan.name}-host`,
      {
        commonName: `quorum:host:${plan.name}`,
        organization: "quorum:hosts",
        dnsNames: [plan.name],
        ipAddresses: [plan.address],
        lifetimeDays: hostCertificateDays,
        authority: {
          certificate: this.root("kubernetes-ca.crt"),
          key: this.root("kubernetes-ca.key"),
        },
      },
      { parent: this },
    );
    return { "host.crt": certificate.certificate, "host.key": certificate.key };
  }
}
