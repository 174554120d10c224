import type { Graph } from "../graph.ts";
import { type Model, ModelBuilder } from "../model.ts";
import { autoscalerFacts } from "./autoscaler.ts";
import { addEgress, zonesBySubnet } from "./awsNetwork.ts";
import { cephDaemonFacts } from "./cephDaemons.ts";
import { chartFacts } from "./charts.ts";
import { ec2Facts } from "./ec2.ts";
import { eksFacts } from "./eks.ts";
import { hostsFacts } from "./hosts.ts";
import { portworxFacts } from "./portworx.ts";
import { storageFacts } from "./storage.ts";
import { workloadFacts } from "./workloads.ts";

/** The model of a planned graph. Machines come first: storage is placed on them. */
export function modelOf(graph: Graph): Model {
  const builder = new ModelBuilder();
  hostsFacts(graph, builder);
  const zones = zonesBySubnet(graph, builder);
  eksFacts(graph, builder, zones);
  ec2Facts(graph, builder);
  addEgress(graph, builder, zones);
  workloadFacts(graph, builder);
  chartFacts(graph, builder);
  storageFacts(graph, builder);
  cephDaemonFacts(graph, builder);
  portworxFacts(graph, builder);
  autoscalerFacts(graph, builder);
  return builder.model;
}
