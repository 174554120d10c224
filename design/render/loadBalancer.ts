import type { LoadBalancerPlan, NamedAddress } from "../loadBalancerPlan.ts";
import type { MachineFile, MachineStep } from "../machine.ts";
import { ports } from "../ports.ts";
import { libraryDir, script, stepScript, unit } from "./pki.ts";
import { fill, shellVariables, type Templates, text } from "./template.ts";

/** The first balancer's priority; each next one has ten less, more than half of "no apiserver". */
const highestPriority = 150;
const priorityStep = 10;

/** A silent balancer is replaced after three adverts and the skew: about one second. */
const advertSeconds = 0.3;

/** Step "load-balancer": HAProxy in front of all apiservers, keepalived for the virtual address. */
export function loadBalancerStep(
  templates: Templates,
  plan: LoadBalancerPlan,
  balancer: NamedAddress,
): MachineStep {
  const lb = (name: string): MachineFile =>
    script(templates, `lb/${name}`, `${libraryDir}/lb/${name}`);
  return {
    name: "load-balancer",
    script: stepScript("load-balancer"),
    oneAtATime: true,
    files: [
      script(templates, "lb/step.sh", stepScript("load-balancer")),
      script(templates, "lb/undo.sh", stepScript("load-balancer-undo")),
      lb("watch.sh"),
      configuration("haproxy.cfg", haproxyCfg(templates, plan)),
      configuration("keepalived.conf", keepalivedConf(templates, plan, balancer)),
      configuration(
        "watch.env",
        shellVariables({
          ADDRESS: balancer.address,
          PORT: plan.port,
          HEALTH_PORT: ports.haproxyHealth,
          RUN_DIR: "/run/quorum/lb",
        }),
      ),
      unit(templates, "lb/api-lb-watch.service"),
      override(templates, "haproxy"),
      override(templates, "keepalived"),
    ],
  };
}

/** Checked on the machine before it is copied to where the program reads it. */
function configuration(name: string, content: string): MachineFile {
  return { path: `/etc/quorum/lb/${name}`, mode: "0644", text: content };
}

function override(templates: Templates, service: "haproxy" | "keepalived"): MachineFile {
  return {
    path: `/etc/systemd/system/${service}.service.d/quorum.conf`,
    mode: "0644",
    text: text(templates, `lb/${service}-override.conf`),
  };
}

/** HAProxy's configuration; the same on every balancer. */
export function haproxyCfg(templates: Templates, plan: LoadBalancerPlan): string {
  const servers = plan.apiServers.map(
    ({ name, address }) => `  server ${name} ${address}:${ports.apiServer}`,
  );
  return fill(templates, "lb/haproxy.cfg", {
    CLUSTER: plan.clusterName,
    PORT: plan.port,
    HEALTH_PORT: ports.haproxyHealth,
    AGENT_PORT: ports.apiHealthAgent,
    SERVERS: servers.join("\n"),
  });
}

/** keepalived's configuration of one balancer. */
export function keepalivedConf(
  templates: Templates,
  plan: LoadBalancerPlan,
  balancer: NamedAddress,
): string {
  const order = plan.balancers.findIndex(({ name }) => name === balancer.name);
  const peers = plan.balancers.filter(({ name }) => name !== balancer.name);
  return fill(templates, "lb/keepalived.conf", {
    CLUSTER: plan.clusterName,
    NAME: balancer.name,
    ROUTER_ID: plan.routerId,
    PRIORITY: highestPriority - priorityStep * order,
    ADVERT_SECONDS: advertSeconds,
    ADDRESS: balancer.address,
    VIP: plan.vip,
    // A time to live of 255 cannot come from beyond a router.
    PEERS: peers.map(({ address }) => `    ${address} min_ttl 255`).join("\n"),
  });
}

/**
 * Step "api-health-agent" of a control plane: answers HAProxy's agent check, so that an apiserver
 * that alone has lost etcd is ejected. Comes after kubeadm's steps.
 */
export function apiHealthAgentStep(
  templates: Templates,
  plan: LoadBalancerPlan,
  apiServer: NamedAddress,
): MachineStep {
  const health = (name: string): MachineFile =>
    script(templates, `lb/${name}`, `${libraryDir}/api-health/${name}`);
  const others = plan.apiServers.filter(({ name }) => name !== apiServer.name);
  return {
    name: "api-health-agent",
    script: stepScript("api-health-agent"),
    oneAtATime: false,
    files: [
      script(templates, "lb/health-step.sh", stepScript("api-health-agent")),
      script(templates, "lb/health-undo.sh", stepScript("api-health-agent-undo")),
      health("health-loop.sh"),
      health("health-answer.sh"),
      {
        path: "/etc/quorum/api-health/agent.env",
        mode: "0644",
        text: shellVariables({
          ADDRESS: apiServer.address,
          PORT: ports.apiServer,
          OTHERS: others.map(({ address }) => address).join(" "),
        }),
      },
      unit(templates, "lb/api-health.service"),
      unit(templates, "lb/api-health-agent.socket", {
        ADDRESS: apiServer.address,
        PORT: ports.apiHealthAgent,
      }),
      unit(templates, "lb/api-health-agent@.service"),
    ],
  };
}
