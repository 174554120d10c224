import type { SelfManagedVersions } from "../../config/versions.ts";

/** A published file and where its SHA-256 is written. */
export interface ReleaseFile {
  url: string;
  checksumUrl: string;
  /** Files to take out of an archive, as paths inside it; left out: the file itself is the binary. */
  members?: string[];
  /** Name of the binary when the file is one. */
  binary?: string;
}

/** How one component's binaries come to be, from Go modules or from its official release. */
export interface Recipe {
  name: string;
  /** Exact, without a leading "v". */
  version: string;
  /** Folder under lab/toolchain that holds the Go module, its go.sum and our own main packages. */
  moduleDir: string;
  /** Modules that go.mod must name at this version when it differs from the committed one. */
  modules: string[];
  /** Staging repositories go with Kubernetes: 1.36.3 means v0.36.3. */
  stagingVersion?: string;
  /** Package by binary name. */
  packages: Record<string, string>;
  /** Variables set by the linker. */
  variables: Record<string, string>;
  /** Build with cgo, statically, with these tags; left out: pure Go. */
  cgoTags?: string[];
  /** Undefined: there is no release, so only Go can make it. */
  release?: (architecture: string) => ReleaseFile[];
}

const kubernetesBinaries = [
  "kubeadm",
  "kubelet",
  "kubectl",
  "kube-apiserver",
  "kube-controller-manager",
  "kube-scheduler",
  "kube-proxy",
];

export const cniPluginNames = [
  "bridge",
  "host-local",
  "loopback",
  "portmap",
  "ptp",
  "host-device",
  "firewall",
  "bandwidth",
  "tuning",
];

const cniPluginKind: Record<string, string> = {
  bridge: "main",
  loopback: "main",
  ptp: "main",
  "host-device": "main",
  "host-local": "ipam",
};

/** Recipes for everything that a self-managed machine runs. */
export function recipes(versions: SelfManagedVersions): Recipe[] {
  return [
    kubernetes(versions.kubernetes),
    etcd(versions.etcd),
    containerd(versions.containerd),
    runc(versions.runc),
    cniPlugins(versions.cniPlugins),
    coredns(versions.coredns),
    criTools(versions.criTools),
    small(versions.pause),
  ];
}

function kubernetes(version: string): Recipe {
  const [major, minor, patch] = version.split(".");
  const stamped = {
    gitVersion: `v${version}`,
    gitMajor: major,
    gitMinor: minor,
    gitTreeState: "clean",
  };
  const variables: Record<string, string> = {};
  for (const packageName of ["k8s.io/component-base/version", "k8s.io/client-go/pkg/version"]) {
    for (const [key, value] of Object.entries(stamped))
      variables[`${packageName}.${key}`] = `${value}`;
  }
  return {
    name: "kubernetes",
    version,
    moduleDir: "kubernetes",
    modules: ["k8s.io/kubernetes"],
    stagingVersion: `0.${minor}.${patch}`,
    packages: Object.fromEntries(
      kubernetesBinaries.map((name) => [name, `k8s.io/kubernetes/cmd/${name}`]),
    ),
    variables,
    release: (architecture) =>
      kubernetesBinaries.map((binary) => {
        const url = `https://dl.k8s.io/v${version}/bin/linux/${architecture}/${binary}`;
        return { url, checksumUrl: `${url}.sha256`, binary };
      }),
  };
}

function etcd(version: string): Recipe {
  const base = `https://github.com/etcd-io/etcd/releases/download/v${version}`;
  const tools = { etcdctl: "go.etcd.io/etcd/etcdctl/v3", etcdutl: "go.etcd.io/etcd/etcdutl/v3" };
  return {
    name: "etcd",
    version,
    moduleDir: "etcd",
    modules: ["go.etcd.io/etcd/server/v3", ...Object.values(tools)],
    packages: { etcd: ".", ...tools },
    variables: {},
    release: (architecture) => {
      const folder = `etcd-v${version}-linux-${architecture}`;
      const members = ["etcd", "etcdctl", "etcdutl"].map((name) => `${folder}/${name}`);
      return [{ url: `${base}/${folder}.tar.gz`, checksumUrl: `${base}/SHA256SUMS`, members }];
    },
  };
}

function containerd(version: string): Recipe {
  const module = "github.com/containerd/containerd/v2";
  const names = ["containerd", "containerd-shim-runc-v2", "ctr"];
  return {
    name: "containerd",
    version,
    moduleDir: "containerd",
    modules: [module],
    packages: Object.fromEntries(names.map((name) => [name, `${module}/cmd/${name}`])),
    variables: { [`${module}/version.Version`]: `v${version}` },
    release: (architecture) => {
      const base = `https://github.com/containerd/containerd/releases/download/v${version}`;
      const url = `${base}/containerd-static-${version}-linux-${architecture}.tar.gz`;
      const members = names.map((name) => `bin/${name}`);
      return [{ url, checksumUrl: `${url}.sha256sum`, members }];
    },
  };
}

function runc(version: string): Recipe {
  const base = `https://github.com/opencontainers/runc/releases/download/v${version}`;
  return {
    name: "runc",
    version,
    moduleDir: "runc",
    modules: ["github.com/opencontainers/runc"],
    packages: { runc: "github.com/opencontainers/runc" },
    variables: { "main.version": version },
    cgoTags: ["seccomp", "netgo", "osusergo"],
    release: (architecture) => [
      {
        url: `${base}/runc.${architecture}`,
        checksumUrl: `${base}/runc.sha256sum`,
        binary: "runc",
      },
    ],
  };
}

function cniPlugins(version: string): Recipe {
  const module = "github.com/containernetworking/plugins";
  return {
    name: "cni-plugins",
    version,
    moduleDir: "cniPlugins",
    modules: [module],
    packages: Object.fromEntries(
      cniPluginNames.map((name) => [
        name,
        `${module}/plugins/${cniPluginKind[name] ?? "meta"}/${name}`,
      ]),
    ),
    variables: { [`${module}/pkg/utils/buildversion.BuildVersion`]: `v${version}` },
    release: (architecture) => {
      const base = `https://github.com/containernetworking/plugins/releases/download/v${version}`;
      const url = `${base}/cni-plugins-linux-${architecture}-v${version}.tgz`;
      const members = cniPluginNames.map((name) => `./${name}`);
      return [{ url, checksumUrl: `${url}.sha256`, members }];
    },
  };
}

function coredns(version: string): Recipe {
  return {
    name: "coredns",
    version,
    moduleDir: "coredns",
    modules: ["github.com/coredns/coredns"],
    packages: { coredns: "github.com/coredns/coredns" },
    variables: {},
    release: (architecture) => {
      const base = `https://github.com/coredns/coredns/releases/download/v${version}`;
      const url = `${base}/coredns_${version}_linux_${architecture}.tgz`;
      return [{ url, checksumUrl: `${url}.sha256`, members: ["coredns"] }];
    },
  };
}

function criTools(version: string): Recipe {
  const module = "sigs.k8s.io/cri-tools";
  return {
    name: "cri-tools",
    version,
    moduleDir: "crictl",
    modules: [module],
    packages: { crictl: `${module}/cmd/crictl` },
    variables: { [`${module}/pkg/version.Version`]: `v${version}` },
    release: (architecture) => {
      const base = `https://github.com/kubernetes-sigs/cri-tools/releases/download/v${version}`;
      const url = `${base}/crictl-v${version}-linux-${architecture}.tar.gz`;
      return [{ url, checksumUrl: `${url}.sha256`, members: ["crictl"] }];
    },
  };
}

/** Our own two programs: the pause process of pods, and the web server that tests look at. */
function small(pauseVersion: string): Recipe {
  return {
    name: "small",
    version: pauseVersion,
    moduleDir: "small",
    modules: [],
    packages: { pause: "./pause", echo: "./echo" },
    variables: {},
  };
}
