/**
 * Components for programs in other languages: the engine asks the plugin to construct one, and what the same class
 * registers in TypeScript is registered from here. Loaded with the first such request, since it is the program's half.
 */
import * as pulumi from "@pulumi/pulumi";
import { ConstructResponse, type ConstructRequest } from "@pulumi/pulumi/proto/provider_pb";
import { setAllConfig } from "@pulumi/pulumi/runtime/config";
import {
    deserializeProperties,
    isRpcSecret,
    serializeResourceProperties,
    unwrapRpcSecret,
} from "@pulumi/pulumi/runtime/rpc";
import * as settings from "@pulumi/pulumi/runtime/settings";
import * as state from "@pulumi/pulumi/runtime/state";
import { Struct } from "google-protobuf/google/protobuf/struct_pb";
import { construct, type ComponentInputs } from "./components";

/** As the SDK's own provider server uses them; they are not in its types. The SDK's version is pinned. */
const { awaitFeatureSupport, waitForRPCs } = settings as unknown as Record<string, () => Promise<void>>;
const { withLocalStorage } = state as unknown as { withLocalStorage: <T>(work: () => Promise<T>) => Promise<T> };

/** @throws Error with every fault of the fleet */
export async function answerConstruct(
    request: ConstructRequest,
    engineAddress: string | undefined,
): Promise<ConstructResponse> {
    if (engineAddress === undefined) throw new Error("the engine has not said where it is");
    // Several components may be constructed at once: each has the runtime's settings to itself.
    return withLocalStorage(async () => {
        settings.resetOptions(
            request.getProject(),
            request.getStack(),
            request.getParallel(),
            engineAddress,
            request.getMonitorendpoint(),
            request.getDryrun(),
            request.getOrganization(),
        );
        await awaitFeatureSupport!();
        setAllConfig(Object.fromEntries(request.getConfigMap().toObject(false)), request.getConfigsecretkeysList());
        const { urn, outputs } = construct(request.getType(), request.getName(), inputsOf(request), optionsOf(request));
        const answer = new ConstructResponse();
        answer.setUrn(await valueOf(urn));
        const [properties] = await serializeResourceProperties(`construct(${request.getName()})`, outputs);
        answer.setState(Struct.fromJavaScript(properties as Parameters<typeof Struct.fromJavaScript>[0]));
        await waitForRPCs!();
        return answer;
    });
}

/** Of an output that is always known. */
function valueOf<T>(output: pulumi.Output<T>): Promise<T> {
    return new Promise((resolve) => void output.apply((value) => resolve(value)));
}

function inputsOf(request: ConstructRequest): ComponentInputs {
    const given = deserializeProperties(request.getInputs() ?? new Struct(), true) as Record<string, unknown>;
    const plain = (value: unknown): unknown => {
        if (isRpcSecret(value)) return plain(unwrapRpcSecret(value));
        if (pulumi.isUnknown(value) || pulumi.Output.isInstance(value))
            throw new Error(
                `${request.getName()}: a component's arguments have to be known before anything is made: no output of another resource`,
            );
        if (Array.isArray(value)) return value.map(plain);
        if (value === null || typeof value !== "object") return value;
        return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plain(item)]));
    };
    return plain(given) as ComponentInputs;
}

function optionsOf(request: ConstructRequest): pulumi.ComponentResourceOptions {
    const parent = request.getParent();
    return {
        protect: request.getProtect(),
        retainOnDelete: request.getRetainondelete(),
        aliases: request
            .getAliasesList()
            .map((alias) => alias.getUrn())
            .filter((urn) => urn !== ""),
        dependsOn: request.getDependenciesList().map((urn) => new Elsewhere(urn)),
        providers: request
            .getProvidersMap()
            .toArray()
            .map(([, reference]) => new pulumi.DependencyProviderResource(reference)),
        ...(parent !== "" && { parent: new Elsewhere(parent) }),
    };
}

/** One that the program has made. */
const Elsewhere = pulumi.DependencyResource;
