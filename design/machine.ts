/**
 * What a self-managed machine is made of. Platform "hosts" carries it over SSH, "ec2" in user data;
 * both use the same files and the same step scripts.
 */

/** One text file on a machine. Never holds a secret: key material travels separately. */
export interface MachineFile {
  /** Absolute path. */
  path: string;
  /** Octal, e.g. "0644". Owner is root. */
  mode: string;
  /** Whole text, ending in a newline. */
  text: string;
}

/**
 * One thing that a machine does for the cluster, e.g. "etcd". On the machine, after all files of
 * the bundle are in place, steps run in order: `script` is called (as root, idempotent, also when
 * nothing changed) with the paths of its changed files in `QUORUM_CHANGED` (newline-separated, may
 * be empty), restarts only what these require, waits until it is healthy, and exits non-zero with
 * one clear line on standard error when it is not.
 */
export interface MachineStep {
  /** Kebab-case, unique on the machine; also its status file's name. */
  name: string;
  /** Path of the step script; must be among `files`. */
  script: string;
  files: MachineFile[];
  /**
   * True when two machines may never run this step at the same time (quorum members, control
   * planes); such machines are chained by dependsOn.
   */
  oneAtATime: boolean;
}

/** Long-lived key material by name; the values are Pulumi secrets and never enter a plan. */
export type RootSecret =
  | "kubernetes-ca.crt"
  | "kubernetes-ca.key"
  | "front-proxy-ca.crt"
  | "front-proxy-ca.key"
  | "etcd-peer-ca.crt"
  | "etcd-peer-ca.key"
  | "etcd-client-ca.crt"
  | "etcd-client-ca.key"
  | "service-account.key"
  | "secrets-encryption.key";

export interface MachinePlan {
  /** Node name. */
  name: string;
  address: string;
  zone: string;
  steps: MachineStep[];
  /** Key material placed at /etc/quorum/pki/<name>, mode 0600, before the first step. */
  secrets: RootSecret[];
}
