import type { Provider } from "../provider.ts";

/** One family of resource kinds: known by its type tokens, loaded when a resource of it first appears. */
interface Family {
  /** Exact type tokens, or a prefix ending in "*". */
  readonly types: readonly string[];
  /** Exact tokens or prefixes that look like the family's and are not served. */
  readonly excludedTypes?: readonly string[];
  readonly secretOutputs: Readonly<Record<string, readonly string[]>>;
  /** Secret outputs of every kind of the family. */
  readonly alwaysSecretOutputs?: readonly string[];
  /** Outputs that an update leaves as they are, by type. */
  readonly stableOutputs?: Readonly<Record<string, readonly string[]>>;
  load(): Promise<Provider>;
  /** Gives back what `load` and use took, e.g. open connections. */
  close?(): Promise<void>;
}

const certificateOutputs = ["certPem", "validityEndTime", "validityStartTime"];

const families: readonly Family[] = [
  {
    types: [
      "command:remote:Command",
      "command:remote:CopyToRemote",
      "command:remote:CopyFile",
      "command:local:Command",
    ],
    secretOutputs: {
      "command:remote:Command": ["connection"],
      "command:remote:CopyToRemote": ["connection"],
      "command:remote:CopyFile": ["connection"],
    },
    load: async () => (await import("./command.ts")).commandProvider(),
    close: async () => (await import("./command/connections.ts")).connections.close(),
  },
  {
    types: [
      "tls:index/privateKey:PrivateKey",
      "tls:index/selfSignedCert:SelfSignedCert",
      "tls:index/certRequest:CertRequest",
      "tls:index/locallySignedCert:LocallySignedCert",
    ],
    secretOutputs: {
      "tls:index/privateKey:PrivateKey": [
        "privateKeyOpenssh",
        "privateKeyPem",
        "privateKeyPemPkcs8",
      ],
      "tls:index/selfSignedCert:SelfSignedCert": ["privateKeyPem"],
      "tls:index/certRequest:CertRequest": ["privateKeyPem"],
      "tls:index/locallySignedCert:LocallySignedCert": ["caPrivateKeyPem"],
    },
    stableOutputs: {
      "tls:index/selfSignedCert:SelfSignedCert": ["keyAlgorithm", ...certificateOutputs],
      "tls:index/locallySignedCert:LocallySignedCert": ["caKeyAlgorithm", ...certificateOutputs],
    },
    load: async () => (await import("./tls.ts")).tlsProvider(),
  },
  {
    types: [
      "random:index/randomBytes:RandomBytes",
      "random:index/randomId:RandomId",
      "random:index/randomInteger:RandomInteger",
      "random:index/randomPassword:RandomPassword",
      "random:index/randomShuffle:RandomShuffle",
      "random:index/randomString:RandomString",
      "random:index/randomUuid:RandomUuid",
      "random:index/randomUuid4:RandomUuid4",
      "random:index/randomUuid7:RandomUuid7",
    ],
    secretOutputs: {
      "random:index/randomBytes:RandomBytes": ["base64", "hex"],
      "random:index/randomPassword:RandomPassword": ["bcryptHash", "result"],
    },
    load: async () => (await import("./random.ts")).randomProvider(),
  },
  {
    types: ["kubernetes:*"],
    excludedTypes: ["kubernetes:helm.sh/*", "kubernetes:yaml*", "kubernetes:kustomize*"],
    secretOutputs: { "kubernetes:core/v1:Secret": ["data", "stringData"] },
    alwaysSecretOutputs: ["__inputs"],
    load: async () => (await import("./kubernetes.ts")).kubernetesProvider(),
  },
  {
    types: ["pulumi-nodejs:dynamic*"],
    secretOutputs: {},
    load: async () => (await import("./dynamic.ts")).dynamicProvider(),
    close: async () => (await import("./dynamic/processes.ts")).closeProviderProcesses(),
  },
];

/** A provider that loads its module at the first call that does something. */
class LazyProvider implements Provider {
  readonly types: readonly string[];
  readonly #family: Family;
  #loaded: Promise<Provider> | undefined;

  constructor(family: Family) {
    this.types = family.types;
    this.#family = family;
  }

  #provider(): Promise<Provider> {
    this.#loaded ??= this.#family.load();
    return this.#loaded;
  }

  async check(...args: Parameters<Provider["check"]>) {
    return (await this.#provider()).check(...args);
  }

  async diff(...args: Parameters<Provider["diff"]>) {
    return (await this.#provider()).diff(...args);
  }

  async create(...args: Parameters<Provider["create"]>) {
    return (await this.#provider()).create(...args);
  }

  async update(...args: Parameters<Provider["update"]>) {
    return (await this.#provider()).update(...args);
  }

  async delete(...args: Parameters<Provider["delete"]>) {
    return (await this.#provider()).delete(...args);
  }

  async read(...args: Parameters<Provider["read"]>) {
    return (await this.#provider()).read(...args);
  }

  secretOutputs(type: string): readonly string[] {
    const { alwaysSecretOutputs = [], secretOutputs } = this.#family;
    return [...alwaysSecretOutputs, ...(secretOutputs[type] ?? [])];
  }

  stableOutputs(type: string): readonly string[] {
    return this.#family.stableOutputs?.[type] ?? [];
  }

  async close(): Promise<void> {
    if (this.#loaded !== undefined) await this.#family.close?.();
  }
}

const providers = new Map<Family, LazyProvider>();

/**
 * The provider that serves a resource type token, or undefined where the embedded engine has
 * none. Nothing heavy is loaded before the provider is first used.
 */
export function providerFor(type: string): Provider | undefined {
  const family = families.find(
    (candidate) =>
      candidate.types.some((pattern) => matches(pattern, type)) &&
      !candidate.excludedTypes?.some((pattern) => matches(pattern, type)),
  );
  if (family === undefined) return undefined;
  let provider = providers.get(family);
  if (provider === undefined) {
    provider = new LazyProvider(family);
    providers.set(family, provider);
  }
  return provider;
}

/** Type tokens, and prefixes ending in "*", that `providerFor` knows; for the error that names them. */
export function supportedTypes(): string[] {
  return families.flatMap((family) => family.types);
}

/** Closes what providers hold open; to be called when a run ends. A later call of a provider opens anew. */
export async function closeProviders(): Promise<void> {
  await Promise.all([...providers.values()].map((provider) => provider.close()));
}

function matches(pattern: string, type: string): boolean {
  return pattern.endsWith("*") ? type.startsWith(pattern.slice(0, -1)) : type === pattern;
}
