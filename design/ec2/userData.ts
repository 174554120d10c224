import { stringify } from "yaml";
import { shellVariables, type Templates, text } from "../render/template.ts";
import { type Ec2Names, type Ec2Role, parameterPaths } from "./names.ts";

/** What a machine is told: names and ids, nothing that opens anything. */
export interface UserDataFacts {
  cluster: string;
  names: Ec2Names;
  role: Ec2Role;
  /** Where in the cluster it stands: a member or zone, or pool and zone. */
  place: string;
  /** Name of its auto-scaling group. */
  group: string;
  /** Parameters below its path of secrets. */
  secretCount: number;
  /** etcd only: its member and where the data volume is mounted. */
  member?: { name: string; mountPoint: string };
}

/** EC2's limit, before base64. Source: EC2 guide, "Run commands at launch". */
export const userDataLimitBytes = 16384;

/** Lifecycle hook that gives a machine time to leave in order. */
export const terminationHook = "leave-the-cluster";

const bootDir = "/usr/local/lib/quorum/boot";

/**
 * cloud-init notes that a module has run before it runs. Where a first boot was cut short, it would
 * never write the files or start the boot: so these notes go until the boot is enabled. A `bootcmd`
 * runs at every start, before the files are written.
 */
const onceMore =
  "systemctl --quiet is-enabled quorum-boot.service 2>/dev/null || " +
  "rm -f /var/lib/cloud/instance/sem/config_write_files /var/lib/cloud/instance/sem/config_runcmd " +
  "/var/lib/cloud/instance/sem/config_scripts_user";

/**
 * Cloud-config of a machine: who it is, and the programs that fetch the rest. Written once for each
 * machine; `quorum-boot` then runs at every start.
 * @param bundleDigest SHA-256 of the machine files, which are also the object's name.
 */
export function renderUserData(
  templates: Templates,
  facts: UserDataFacts,
  bundleDigest: string,
): string {
  const file = (path: string, permissions: string, content: string) => ({
    path,
    permissions,
    owner: "root:root",
    content,
  });
  const document = {
    // No way in but Session Manager.
    ssh_pwauth: false,
    disable_root: true,
    bootcmd: [["sh", "-c", onceMore]],
    write_files: [
      file("/etc/quorum/boot.env", "0644", bootEnv(facts, bundleDigest)),
      file("/usr/local/bin/quorum-cloud", "0755", text(templates, "ec2/quorum-cloud.py")),
      file(`${bootDir}/boot.sh`, "0755", text(templates, "ec2/boot.sh")),
      file(`${bootDir}/unpack.sh`, "0755", text(templates, "node/unpack.sh")),
      file(`${bootDir}/writeSecrets.sh`, "0755", text(templates, "node/writeSecrets.sh")),
      file(
        "/etc/systemd/system/quorum-boot.service",
        "0644",
        text(templates, "ec2/quorum-boot.service"),
      ),
    ],
    runcmd: [
      // What is enabled must be whole after a power cut.
      ["sync"],
      ["systemctl", "daemon-reload"],
      ["systemctl", "enable", "quorum-boot.service"],
      ["systemctl", "start", "--no-block", "quorum-boot.service"],
    ],
  };
  return `#cloud-config\n${stringify(document)}`;
}

function bootEnv(facts: UserDataFacts, bundleDigest: string): string {
  const { names, role, place, member } = facts;
  const parameter = (path: string) => `${names.parameters}/${path}`;
  return shellVariables({
    CLUSTER: facts.cluster,
    ROLE: role,
    GROUP: facts.group,
    HOOK: terminationHook,
    BUCKET: names.bootBucket,
    BUNDLE: bundleDigest,
    SECRETS_PATH: parameter(parameterPaths.secrets(role)),
    SECRET_COUNT: facts.secretCount,
    STATE_PARAMETER: parameter(parameterPaths.state(role, place)),
    ...(role === "etcd" ? {} : { TOKEN_PARAMETER: parameter(parameterPaths.joinToken) }),
    ...(role === "control-plane" ? { SNAPSHOT_BUCKET: names.snapshotBucket } : {}),
    ...(member === undefined
      ? {}
      : {
          MEMBER: member.name,
          DOMAIN: names.domain,
          MOUNT_POINT: member.mountPoint,
          VOLUME_PARAMETER: parameter(parameterPaths.volume(member.name)),
          MARKER_PARAMETER: parameter(parameterPaths.etcdMarker),
        }),
  });
}
