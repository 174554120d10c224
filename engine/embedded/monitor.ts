import type { Duplex } from "node:stream";
import type { ServerUnaryCall, sendUnaryData, UntypedServiceImplementation } from "@grpc/grpc-js";
import type { Callback } from "@pulumi/pulumi/proto/callback_pb.js";
import type { LogRequest } from "@pulumi/pulumi/proto/engine_pb.js";
import type {
  ReadResourceRequest,
  RegisterResourceOutputsRequest,
  RegisterResourceRequest,
  ResourceInvokeRequest,
  SupportsFeatureRequest,
} from "@pulumi/pulumi/proto/resource_pb.js";
import type { Message } from "google-protobuf";
import type { Diagnostic } from "./observer.ts";
import { decodeWireMap, encodeWireMap, type JsonMap } from "./propertyCodec.ts";
import { type Registration, readRegistration } from "./registration.ts";
import type { ResourceState } from "./resourceState.ts";
import {
  emptyMessages,
  engineMessages,
  engineServices,
  grpc,
  providerMessages,
  resourceMessages,
  resourceServices,
  structMessages,
} from "./rpc.ts";
import { DeploymentStopped } from "./stepRunner.ts";
import { Transforms } from "./transforms.ts";
import type { Inputs, Outputs } from "./value.ts";

/** What stands behind the services: the run that a program talks to. */
export interface MonitorBackend {
  project: string;
  stack: string;
  dryRun: boolean;
  register(registration: Registration): Promise<ResourceState>;
  registerOutputs(urn: string, outputs: Outputs): Promise<void>;
  read(request: ReadRequest): Promise<ResourceState>;
  /** Undefined means that the result is not known. */
  invoke(token: string, inputs: Inputs): Promise<Outputs | undefined>;
  diagnostic(diagnostic: Diagnostic): void;
  /** Reports an error and ends the run: the program itself may yet end well. */
  fail(message: string): void;
  /** Resolves when all that the program asked for is done. */
  drained(): Promise<void>;
}

/** A resource that exists elsewhere and is looked up by id. */
export interface ReadRequest {
  type: string;
  name: string;
  id: string;
  parent: string | undefined;
  provider: string | undefined;
  version: string | undefined;
  inputs: Inputs;
  dependencies: string[];
}

const maxMessageBytes = 400 * 1024 * 1024;

/** Legacy names of features, for SDKs that ask one by one. */
const features: Record<string, number> = {
  secrets: resourceMessages.ResourceMonitorFeature.RESOURCE_MONITOR_FEATURE_SECRETS,
  resourceReferences:
    resourceMessages.ResourceMonitorFeature.RESOURCE_MONITOR_FEATURE_RESOURCE_REFERENCES,
  outputValues: resourceMessages.ResourceMonitorFeature.RESOURCE_MONITOR_FEATURE_OUTPUT_VALUES,
  aliasSpecs: resourceMessages.ResourceMonitorFeature.RESOURCE_MONITOR_FEATURE_ALIAS_SPECS,
  deletedWith: resourceMessages.ResourceMonitorFeature.RESOURCE_MONITOR_FEATURE_DELETED_WITH,
  replaceWith: resourceMessages.ResourceMonitorFeature.RESOURCE_MONITOR_FEATURE_REPLACE_WITH,
  transforms: resourceMessages.ResourceMonitorFeature.RESOURCE_MONITOR_FEATURE_TRANSFORMS,
  parameterization:
    resourceMessages.ResourceMonitorFeature.RESOURCE_MONITOR_FEATURE_PARAMETERIZATION,
};

/** The gRPC server of one run. Connections come from a socket that someone else listens on. */
export class Monitor {
  readonly #server = new grpc.Server({
    "grpc.max_receive_message_length": maxMessageBytes,
    "grpc.max_send_message_length": maxMessageBytes,
  });
  readonly #injector: { injectConnection(connection: Duplex): void };
  readonly #backend: MonitorBackend;
  readonly #transforms = new Transforms();
  #packages = 0;

  constructor(backend: MonitorBackend) {
    this.#backend = backend;
    this.#server.addService(resourceServices.ResourceMonitorService, this.#monitorService());
    this.#server.addService(engineServices.EngineService, this.#engineService());
    this.#injector = this.#server.createConnectionInjector(grpc.ServerCredentials.createInsecure());
  }

  accept(connection: Duplex): void {
    this.#injector.injectConnection(connection);
  }

  close(): void {
    this.#transforms.close();
    this.#server.forceShutdown();
  }

  #monitorService(): UntypedServiceImplementation {
    const empty = () => new emptyMessages.Empty();
    // A run reports its own errors; a request that never reached it would fail without a word.
    const say =
      <Request>(subject: (request: Request) => string): Failed<Request> =>
      (request, reason) => {
        this.#backend.fail(`${subject(request)}: ${reason}`);
      };
    return {
      getDeploymentInfo: unary(async () => this.#deploymentInfo()),
      supportsFeature: unary(async (request: SupportsFeatureRequest) => {
        const response = new resourceMessages.SupportsFeatureResponse();
        response.setHassupport(request.getId() in features);
        return response;
      }),
      registerResource: unary(
        (request: RegisterResourceRequest) => this.#register(request),
        say((request) => `${request.getType()} ${request.getName()}`),
      ),
      registerResourceOutputs: unary(
        async (request: RegisterResourceOutputsRequest) => {
          await this.#backend.registerOutputs(request.getUrn(), decodeStruct(request.getOutputs()));
          return empty();
        },
        say((request) => `outputs of ${request.getUrn()}`),
      ),
      readResource: unary(
        (request: ReadResourceRequest) => this.#read(request),
        say((request) => `${request.getType()} ${request.getName()}`),
      ),
      invoke: unary(
        (request: ResourceInvokeRequest) => this.#invoke(request),
        say((request) => request.getTok()),
      ),
      call: unary(async () => {
        const response = new providerMessages.CallResponse();
        response.setReturn(new structMessages.Struct());
        return response;
      }),
      registerStackTransform: unary(async (request: Callback) => {
        this.#transforms.addForStack(request);
        return empty();
      }),
      registerPackage: unary(async () => {
        const response = new resourceMessages.RegisterPackageResponse();
        response.setRef(`package-${++this.#packages}`);
        return response;
      }),
      signalAndWaitForShutdown: unary(async () => {
        await this.#backend.drained();
        return empty();
      }),
    };
  }

  #engineService(): UntypedServiceImplementation {
    let rootUrn = "";
    return {
      log: unary(async (request: LogRequest) => {
        this.#log(request);
        return new emptyMessages.Empty();
      }),
      setRootResource: unary(async (request: { getUrn(): string }) => {
        rootUrn = request.getUrn();
        return new engineMessages.SetRootResourceResponse();
      }),
      getRootResource: unary(async () => {
        const response = new engineMessages.GetRootResourceResponse();
        response.setUrn(rootUrn);
        return response;
      }),
      requirePulumiVersion: unary(async () => new engineMessages.RequirePulumiVersionResponse()),
    };
  }

  #log(request: LogRequest): void {
    const severities = ["debug", "info", "warning", "error"] as const;
    const severity = severities[request.getSeverity()] ?? "info";
    if (severity === "debug" || request.getEphemeral()) return;
    const urn = request.getUrn() === "" ? undefined : request.getUrn();
    this.#backend.diagnostic({ severity, message: request.getMessage(), urn });
  }

  #deploymentInfo() {
    const { project, stack, dryRun } = this.#backend;
    const info = new resourceMessages.DeploymentInfo();
    info.setProject(project);
    info.setStack(stack);
    info.setOrganization("organization");
    info.setDryrun(dryRun);
    info.setSupportedfeaturesList(Object.values(features));
    return info;
  }

  async #register(request: RegisterResourceRequest) {
    const registration = await this.#transforms.apply(readRegistration(request));
    const state = await this.#backend.register(registration);
    this.#transforms.remember(state.urn, registration);
    const response = new resourceMessages.RegisterResourceResponse();
    response.setUrn(state.urn);
    response.setId(state.id ?? "");
    // What went in unchanged comes back as it is, without being encoded anew.
    const same = state.outputs === state.inputs ? request.getObject() : undefined;
    response.setObject(same ?? encodeStruct(state.outputs));
    return response;
  }

  async #read(request: ReadResourceRequest) {
    const optional = (text: string) => (text === "" ? undefined : text);
    const state = await this.#backend.read({
      type: request.getType(),
      name: request.getName(),
      id: request.getId(),
      parent: optional(request.getParent()),
      provider: optional(request.getProvider()),
      version: optional(request.getVersion()),
      inputs: decodeStruct(request.getProperties()),
      dependencies: request.getDependenciesList(),
    });
    const response = new resourceMessages.ReadResourceResponse();
    response.setUrn(state.urn);
    response.setProperties(encodeStruct(state.outputs));
    return response;
  }

  async #invoke(request: ResourceInvokeRequest) {
    const outputs = await this.#backend.invoke(request.getTok(), decodeStruct(request.getArgs()));
    const response = new resourceMessages.ResourceInvokeResponse();
    response.setUnknown(outputs === undefined);
    response.setReturn(encodeStruct(outputs ?? {}));
    return response;
  }
}

type Struct = InstanceType<typeof structMessages.Struct>;

function decodeStruct(struct: Struct | undefined): Inputs {
  return decodeWireMap((struct?.toJavaScript() ?? {}) as JsonMap);
}

function encodeStruct(properties: Outputs): Struct {
  return structMessages.Struct.fromJavaScript(encodeWireMap(properties));
}

/** Told of an error that nobody else has reported. */
type Failed<Request> = (request: Request, reason: string) => void;

/**
 * A unary handler from an async function. Every error ends the conversation with UNAVAILABLE, by
 * which the SDK knows that the engine has said what is wrong and that it should end quietly.
 */
function unary<Request, Response extends Message>(
  handle: (request: Request) => Promise<Response>,
  failed: Failed<Request> = () => {},
) {
  return (call: ServerUnaryCall<Request, Response>, reply: sendUnaryData<Response>): void => {
    handle(call.request).then(
      (response) => reply(null, response),
      (error: unknown) => {
        const details = error instanceof Error ? error.message : String(error);
        if (!(error instanceof DeploymentStopped)) failed(call.request, details);
        reply({ code: grpc.status.UNAVAILABLE, details });
      },
    );
  };
}
