/** The plugin's entry. */
import { ResourceProviderService } from "@pulumi/pulumi/proto/provider_grpc_pb";
import { version } from "../package.json";
import { serve } from "./serve";
import { providerService } from "./service";

export function main(engineAddress: string | undefined): void {
    serve(ResourceProviderService, providerService(engineAddress, version));
}
