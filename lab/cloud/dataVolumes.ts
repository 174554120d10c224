import { existsSync } from "node:fs";
import type { Machine } from "../machine.ts";
import type { CloudControl } from "./control.ts";
import type { Instance } from "./instances.ts";
import type { CloudPlan } from "./plan.ts";
import { tagged } from "./tags.ts";
import { hideVolume, imageFile, makeVolumeImage, showVolume } from "./volumes.ts";

interface Attachment {
  volumeId: string;
  instanceId: string;
}

/** Data volumes: EC2's word about who has which, and the devices that machines see accordingly. */
export class DataVolumes {
  readonly #dir: string;
  readonly #plan: CloudPlan;
  readonly #control: CloudControl;
  /** Volumes and the boots (by their first process) that have seen their device. */
  readonly #shown = new Set<string>();

  constructor(dir: string, plan: CloudPlan, control: CloudControl) {
    this.#dir = dir;
    this.#plan = plan;
    this.#control = control;
  }

  /** A new, empty volume as a parameter of the plan asks for it. @returns its id. */
  async create(parameter: string): Promise<string> {
    const volume = this.#plan.volumes.find((one) => one.parameter === parameter);
    if (volume === undefined) throw new Error(`the plan has no volume ${parameter}`);
    const { VolumeId } = await this.#control.aws<{ VolumeId: string }>("ec2", "create_volume", {
      AvailabilityZone: volume.zone,
      Size: 1,
      TagSpecifications: tagged("volume", volume.tags),
    });
    await makeVolumeImage(this.#dir, VolumeId);
    return VolumeId;
  }

  /** File behind a volume. */
  file(volumeId: string): string {
    return imageFile(this.#dir, volumeId);
  }

  /** Show each attached volume to its machine, once in each of the machine's boots. */
  async show(
    instances: readonly Instance[],
    machineOf: (instance: Instance) => Machine,
  ): Promise<void> {
    for (const { volumeId, instanceId } of await this.#attachments()) {
      const instance = instances.find(({ id }) => id === instanceId);
      if (instance === undefined) continue;
      const machine = machineOf(instance);
      const leader = machine.leader();
      const place = `${volumeId} ${leader}`;
      if (leader === undefined || this.#shown.has(place)) continue;
      await showVolume(machine, this.#dir, volumeId);
      this.#shown.add(place);
    }
  }

  /** Take the volumes of machines that are off from them. */
  async detach(instanceIds: ReadonlySet<string>): Promise<void> {
    for (const { volumeId, instanceId } of await this.#attachments()) {
      if (!instanceIds.has(instanceId)) continue;
      const attachment = { VolumeId: volumeId, InstanceId: instanceId };
      await this.#control.aws("ec2", "detach_volume", attachment);
      await hideVolume(this.#dir, volumeId);
    }
  }

  /** Of data volumes; moto gives each machine a root volume as well. */
  async #attachments(): Promise<Attachment[]> {
    const { Volumes } = await this.#control.aws<{
      Volumes: { VolumeId: string; Attachments: { InstanceId: string }[] }[];
    }>("ec2", "describe_volumes");
    const data = Volumes.filter(({ VolumeId }) => existsSync(this.file(VolumeId)));
    return data.flatMap(({ VolumeId: volumeId, Attachments }) =>
      Attachments.map(({ InstanceId: instanceId }) => ({ volumeId, instanceId })),
    );
  }
}
