import { createRequire } from "node:module";

/**
 * Loaded into the program before the SDK, for speed alone. The SDK takes a stack trace for every
 * promise that it makes, some 200 a resource, and has `source-map-support` rewrite each one: tens of
 * milliseconds and a megabyte a resource. Programs that Node runs as they are need no source maps
 * (stripped types keep lines and columns), and traces of the SDK's own promises help only those who
 * look for leaks in it: PULUMI_DEBUG_PROMISE_LEAKS brings them back.
 */
const require = createRequire(process.argv[1] ?? import.meta.url);

const sourceMaps = require.resolve("source-map-support/register");
require.cache[sourceMaps] = Object.assign(Object.create(null), {
  id: sourceMaps,
  filename: sourceMaps,
  loaded: true,
  exports: {},
  children: [],
  paths: [],
});

type Track = <T>(promise: Promise<T>, context?: unknown) => Promise<T>;

/** Exports of a module of the SDK, once the SDK has loaded it. */
function loadedExports<Exports>(request: string): Partial<Exports> | undefined {
  return require.cache[require.resolve(request)]?.exports as Partial<Exports> | undefined;
}

/** The SDK must load its own modules in its own order, so this waits until it has. */
function lighten(): void {
  const promises = loadedExports<{ debuggablePromise: Track }>(
    "@pulumi/pulumi/runtime/debuggable.js",
  );
  const log = loadedExports<{ debug(): Promise<void> }>("@pulumi/pulumi/log/index.js");
  const track = promises?.debuggablePromise;
  if (promises === undefined || track === undefined || log?.debug === undefined) {
    setImmediate(lighten);
    return;
  }
  // The engine shows no debug messages; several a resource would each cost a call.
  log.debug = () => Promise.resolve();
  promises.debuggablePromise = (promise, context) => {
    // Four a property; they settle with the registration, and that one stays tracked.
    if (typeof context === "string" && context.startsWith("transfer")) return promise;
    const limit = Error.stackTraceLimit;
    Error.stackTraceLimit = 0;
    try {
      return track(promise, context);
    } finally {
      Error.stackTraceLimit = limit;
    }
  };
}

if (!process.env.PULUMI_DEBUG_PROMISE_LEAKS) setImmediate(lighten);
