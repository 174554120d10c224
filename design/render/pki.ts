import type { MachineFile, MachineStep } from "../machine.ts";
import { type LeafPlan, machinePki, type PkiSubject, type PlacementPlan } from "../pki.ts";
import { fill, shellVariables, type Templates, text } from "./template.ts";

/** Folder of programs that only Quorum's own units and steps call. */
export const libraryDir = "/usr/local/lib/quorum";

/** Path of a step's script. */
export const stepScript = (step: string): string => `${libraryDir}/steps/${step}.sh`;

/** A script of a template, executable. */
export function script(templates: Templates, template: string, path: string): MachineFile {
  return { path, mode: "0755", text: text(templates, template) };
}

/** A systemd unit, filled. */
export function unit(
  templates: Templates,
  template: string,
  values: Readonly<Record<string, string | number>> = {},
): MachineFile {
  const name = template.slice(template.lastIndexOf("/") + 1);
  return {
    path: `/etc/systemd/system/${name}`,
    mode: "0644",
    text: fill(templates, template, values),
  };
}

/**
 * Step "pki": roots in their places, leaves minted and renewed. Comes before every step that uses
 * a certificate. A renewed leaf needs no restart: etcd and the apiserver's etcd client read the
 * files anew for every connection.
 * @param order Position of the machine among all machines, from 0: staggers the renewals.
 */
export function pkiStep(templates: Templates, subject: PkiSubject, order: number): MachineStep {
  const { leaves, placements } = machinePki(subject);
  return {
    name: "pki",
    script: stepScript("pki"),
    oneAtATime: false,
    files: [
      script(templates, "pki/step.sh", stepScript("pki")),
      script(templates, "pki/undo.sh", stepScript("pki-undo")),
      script(templates, "pki/issue-leaf.sh", `${libraryDir}/issue-leaf.sh`),
      script(templates, "pki/place-roots.sh", `${libraryDir}/place-roots.sh`),
      script(templates, "pki/renew.sh", `${libraryDir}/renew.sh`),
      {
        path: "/etc/sysusers.d/quorum.conf",
        mode: "0644",
        text: text(templates, "pki/sysusers.conf"),
      },
      {
        path: "/etc/quorum/placements",
        mode: "0644",
        text: placements.map(placementLine).join(""),
      },
      ...leaves.map((leaf) => ({
        path: `/etc/quorum/leaves.d/${leaf.name}.leaf`,
        mode: "0644",
        text: leafDescription(leaf),
      })),
      unit(templates, "pki/quorum-pki-renew.service"),
      unit(templates, "pki/quorum-pki-renew.timer", { CALENDAR: renewalCalendar(order) }),
    ],
  };
}

function placementLine({ root, form, mode, owner, path }: PlacementPlan): string {
  return `${root} ${form} ${mode} ${owner} ${path}\n`;
}

/** What issue-leaf.sh reads. */
export function leafDescription(leaf: LeafPlan): string {
  const names = [
    ...leaf.dnsNames.map((name) => `DNS:${name}`),
    ...leaf.ipAddresses.map((address) => `IP:${address}`),
  ];
  return shellVariables({
    LEAF: leaf.name,
    ISSUER: leaf.issuer,
    CERTIFICATE: leaf.certificateFile,
    KEY: leaf.keyFile,
    OWNER: leaf.owner,
    SUBJECT: `/CN=${leaf.commonName}`,
    NAMES: names.join(","),
    USAGES: leaf.usages.join(","),
    LIFETIME_SECONDS: leaf.lifetimeHours * 3600,
  });
}

/** Daily, 37 minutes after the machine before: coprime to a day, so 1440 machines differ. */
function renewalCalendar(order: number): string {
  const minuteOfDay = (order * 37) % (24 * 60);
  const two = (value: number): string => String(value).padStart(2, "0");
  return `*-*-* ${two(Math.floor(minuteOfDay / 60))}:${two(minuteOfDay % 60)}:00`;
}
