import { regionZoneLetters } from "../aws.ts";
import type { Finding } from "../errors.ts";

export const fewestZones = 3;

/** A region that has three zones. */
export function region({ region }: { region: string }): Finding[] {
  if (Object.hasOwn(regionZoneLetters, region)) return [];
  return [
    {
      key: "region",
      value: region,
      remedy: `Use one of ${Object.keys(regionZoneLetters).join(", ")}.`,
      rule: "Only regions with three availability zones or more can hold the cluster.",
    },
  ];
}

/** At least three zones, each once, all in the region. */
export function zones({ region, zones }: { region: string; zones: string[] }): Finding[] {
  return [...tooFew(zones), ...repeated(zones), ...outside(region, zones)];
}

function tooFew(zones: string[]): Finding[] {
  if (zones.length >= fewestZones) return [];
  return [
    {
      key: "zones",
      value: zones,
      remedy: `List ${fewestZones} different zones or more.`,
      rule: `With ${zones.length}, a quorum cannot outlive the loss of each one.`,
    },
  ];
}

function repeated(zones: string[]): Finding[] {
  return zones.flatMap((zone, index) =>
    zones.indexOf(zone) === index
      ? []
      : [
          {
            key: `zones[${index}]`,
            value: zone,
            remedy: "Replace it by another zone, or remove it.",
            rule: "A zone listed twice is still one failure domain.",
          },
        ],
  );
}

function outside(region: string, zones: string[]): Finding[] {
  const letters = Object.hasOwn(regionZoneLetters, region) ? regionZoneLetters[region] : undefined;
  if (letters === undefined) return [];
  const known = [...letters].map((letter) => region + letter);
  return zones.flatMap((zone, index) =>
    known.includes(zone)
      ? []
      : [
          {
            key: `zones[${index}]`,
            value: zone,
            remedy: `Use zones of ${region}: ${known.join(", ")}.`,
            rule: "A cluster's zones lie in its one region.",
          },
        ],
  );
}
