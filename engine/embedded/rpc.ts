/**
 * The generated stubs are CommonJS; their names are known to the type checker only through these
 * default imports. All other modules take them from here.
 */
export { default as grpc } from "@grpc/grpc-js";
export { default as callbackServices } from "@pulumi/pulumi/proto/callback_grpc_pb.js";
export { default as callbackMessages } from "@pulumi/pulumi/proto/callback_pb.js";
export { default as engineServices } from "@pulumi/pulumi/proto/engine_grpc_pb.js";
export { default as engineMessages } from "@pulumi/pulumi/proto/engine_pb.js";
export { default as providerMessages } from "@pulumi/pulumi/proto/provider_pb.js";
export { default as resourceServices } from "@pulumi/pulumi/proto/resource_grpc_pb.js";
export { default as resourceMessages } from "@pulumi/pulumi/proto/resource_pb.js";
export { default as emptyMessages } from "google-protobuf/google/protobuf/empty_pb.js";
export { default as structMessages } from "google-protobuf/google/protobuf/struct_pb.js";
