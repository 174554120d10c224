import type { Check, Claim } from "../claim.ts";
import { enumerate, proven, refuted, unknownBecause } from "../claim.ts";

export const egress: Claim = {
  id: "egress",
  title: "surviving zones keep their way out, apart from the zone of a lost NAT",
  prepare(model): Check | { notApplicable: string } {
    if (model.needsEgress === false) {
      return { notApplicable: "the machines bring everything with them and need no way out" };
    }
    const routes = model.egress;
    if (routes === undefined) {
      return () =>
        unknownBecause(
          "the plan does not say how machines reach what is outside",
          "put subnets, route tables and NAT gateways into the plan, or say needsEgress: false where nothing is fetched",
        );
    }
    const missing = routes.filter(({ through }) => through === undefined);
    if (missing.length > 0) {
      const names = missing.map(({ zone }) => model.domains[zone]?.name ?? "?");
      return () =>
        unknownBecause(
          `the plan shows no way out for the machines of ${enumerate(names)}`,
          "associate their subnets with a route table that leads to a NAT gateway of the plan",
        );
    }
    return (survivors) => {
      const cut = routes.filter(
        ({ zone, through }) => !survivors.isLost(zone) && survivors.isLost(through as number),
      );
      const gateways = [...new Set(cut.map(({ through }) => through as number))];
      // One gateway may take the way out of its own zone with it: one zone is what it may cost.
      const shared = gateways.filter((gateway) => {
        const within = model.domains[gateway]?.within ?? [];
        return cut.some(({ zone, through }) => through === gateway && !within.includes(zone));
      });
      const stillOut = routes.some(
        ({ zone, through }) => !survivors.isLost(zone) && !survivors.isLost(through as number),
      );
      const none = survivors.aliveZones().length > 0 && !stillOut && cut.length > 0;
      if (shared.length === 0 && !none) return proven;
      const losers = cut.map(({ zone }) => survivors.name(zone));
      return refuted(
        gateways.map((gateway) => survivors.name(gateway)),
        `${enumerate(losers)} ${losers.length === 1 ? "has" : "have"} no way out`,
        "give every zone a NAT of its own and route its subnets to it",
      );
    };
  },
};
