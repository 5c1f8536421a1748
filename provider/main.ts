/** The plugin's entry. */
import { ResourceProviderService } from "@pulumi/pulumi/proto/provider_grpc_pb";
import { version } from "../package.json";
import { serve } from "./serve";
import { type Construct, providerService } from "./service";

/** @param construct answers for components of other languages; loaded with the first of them */
export function main(engineAddress: string | undefined, construct?: Construct): void {
    serve(ResourceProviderService, providerService(engineAddress, version, undefined, construct));
}
