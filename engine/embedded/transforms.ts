import type { Callback, CallbackInvokeResponse } from "@pulumi/pulumi/proto/callback_pb.js";
import type { TransformResourceOptions } from "@pulumi/pulumi/proto/resource_pb.js";
import { decodeWireMap, encodeWireMap, type JsonMap } from "./propertyCodec.ts";
import { parseDuration, type Registration, readAlias } from "./registration.ts";
import {
  callbackMessages,
  callbackServices,
  grpc,
  resourceMessages,
  structMessages,
} from "./rpc.ts";

type Client = InstanceType<typeof callbackServices.CallbacksClient>;

/**
 * Resource transforms: functions in the program that may change a registration. A resource's own
 * run first, then those of its parents, then those of the stack.
 */
export class Transforms {
  readonly #stack: Callback[] = [];
  readonly #byUrn = new Map<string, { parent: string | undefined; transforms: Callback[] }>();
  readonly #clients = new Map<string, Client>();

  addForStack(callback: Callback): void {
    this.#stack.push(callback);
  }

  /** Keeps a registered resource's transforms for its children. */
  remember(urn: string, registration: Registration): void {
    const { parent, transforms } = registration;
    if (transforms.length > 0 || this.#byUrn.has(parent ?? "")) {
      this.#byUrn.set(urn, { parent, transforms });
    }
  }

  async apply(registration: Registration): Promise<Registration> {
    const callbacks = [...registration.transforms];
    let ancestor = this.#byUrn.get(registration.parent ?? "");
    while (ancestor !== undefined) {
      callbacks.push(...ancestor.transforms);
      ancestor = this.#byUrn.get(ancestor.parent ?? "");
    }
    callbacks.push(...this.#stack);
    let result = registration;
    for (const callback of callbacks) result = await this.#run(callback, result);
    return result;
  }

  close(): void {
    for (const client of this.#clients.values()) client.close();
  }

  async #run(callback: Callback, registration: Registration): Promise<Registration> {
    const request = new callbackMessages.CallbackInvokeRequest();
    request.setToken(callback.getToken());
    request.setRequest(transformRequest(registration).serializeBinary());
    const client = this.#client(callback.getTarget());
    const reply = await new Promise<CallbackInvokeResponse>((resolve, reject) => {
      client.invoke(request, (error, response) => (error ? reject(error) : resolve(response)));
    });
    const response = resourceMessages.TransformResponse.deserializeBinary(reply.getResponse_asU8());
    const properties = response.getProperties();
    const options = response.getOptions();
    return {
      ...registration,
      ...(properties && { inputs: decodeWireMap(properties.toJavaScript() as JsonMap) }),
      ...(options && changedOptions(options, registration)),
    };
  }

  #client(target: string): Client {
    let client = this.#clients.get(target);
    if (client === undefined) {
      client = new callbackServices.CallbacksClient(target, grpc.credentials.createInsecure());
      this.#clients.set(target, client);
    }
    return client;
  }
}

function transformRequest(registration: Registration) {
  const options = new resourceMessages.TransformResourceOptions();
  options.setDependsOnList(registration.dependencies);
  options.setProtect(registration.protect);
  options.setIgnoreChangesList(registration.ignoreChanges);
  options.setReplaceOnChangesList(registration.replaceOnChanges);
  options.setVersion(registration.version ?? "");
  options.setProvider(registration.provider ?? "");
  options.setRetainOnDelete(registration.retainOnDelete);
  options.setDeletedWith(registration.deletedWith ?? "");
  if (registration.deleteBeforeReplace !== undefined) {
    options.setDeleteBeforeReplace(registration.deleteBeforeReplace);
  }
  options.setAdditionalSecretOutputsList(registration.additionalSecretOutputs);
  const request = new resourceMessages.TransformRequest();
  request.setType(registration.type);
  request.setName(registration.name);
  request.setCustom(registration.custom);
  request.setParent(registration.parent ?? "");
  request.setProperties(structMessages.Struct.fromJavaScript(encodeWireMap(registration.inputs)));
  request.setOptions(options);
  return request;
}

function changedOptions(
  options: TransformResourceOptions,
  registration: Registration,
): Partial<Registration> {
  const timeouts = options.getCustomTimeouts();
  const [create, update, remove] = [
    timeouts?.getCreate() ?? "",
    timeouts?.getUpdate() ?? "",
    timeouts?.getDelete() ?? "",
  ];
  return {
    dependencies: options.getDependsOnList(),
    protect: options.getProtect() ?? false,
    ignoreChanges: options.getIgnoreChangesList(),
    replaceOnChanges: options.getReplaceOnChangesList(),
    provider: options.getProvider() === "" ? registration.provider : options.getProvider(),
    retainOnDelete: options.getRetainOnDelete() ?? false,
    deletedWith: options.getDeletedWith() === "" ? undefined : options.getDeletedWith(),
    deleteBeforeReplace: options.getDeleteBeforeReplace() ?? registration.deleteBeforeReplace,
    additionalSecretOutputs: options.getAdditionalSecretOutputsList(),
    aliases: [...registration.aliases, ...options.getAliasesList().map(readAlias)],
    customTimeouts:
      create + update + remove === ""
        ? registration.customTimeouts
        : {
            ...(create !== "" && { createSeconds: parseDuration(create) }),
            ...(update !== "" && { updateSeconds: parseDuration(update) }),
            ...(remove !== "" && { deleteSeconds: parseDuration(remove) }),
          },
  };
}
