import { selfManagedVersions } from "../../../config/versions.ts";
import { ensureHostImage, type HostImage } from "../../../lab/hostImage.ts";
import { Lab } from "../../../lab/machines.ts";
import type { LabSpec } from "../../../lab/spec.ts";
import { firstFreeSubnet } from "../../../lab/stackFile.ts";
import { ensureToolchain } from "../../../lab/toolchain.ts";

const projectDir = `${import.meta.dirname}/../../..`;

/** Spec of a throw-away lab of one etcd member and one worker, with addresses of its own. */
export function smallSpec(name: string): LabSpec {
  const base = `198.18.${firstFreeSubnet(projectDir)}`;
  return {
    name,
    subnet: `${base}.0/24`,
    vip: `${base}.10`,
    etcdDataDir: "/var/lib/etcd",
    hosts: {
      "etcd-a": { address: `${base}.11`, zone: "a", roles: ["etcd"] },
      "worker-b": { address: `${base}.31`, zone: "b", roles: ["worker"] },
    },
  };
}

/** Host image of the newest release, built if it has to be. */
export async function hostImage(): Promise<HostImage> {
  const versions = Object.values(selfManagedVersions)[0];
  if (versions === undefined) throw new Error("config/versions.ts names no self-managed release");
  return ensureHostImage(versions, await ensureToolchain(versions));
}

/** Boot a throw-away lab. */
export async function bootSmallLab(name: string): Promise<{ lab: Lab; image: HostImage }> {
  const image = await hostImage();
  const lab = new Lab(smallSpec(name));
  await lab.boot(image);
  return { lab, image };
}
