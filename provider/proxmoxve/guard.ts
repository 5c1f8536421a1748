/**
 * Stands between the engine and proxmoxve's plugin, whose client waits for ever for an API that takes a request and
 * does not answer: every call has an end here, in a look, an `up` and a destroy alike. And the plugin knows no CA and
 * no fingerprint of the stack's: here it is told whom to trust. All else is passed on as it stands, byte for byte.
 */
import { Metadata, status, type Client, type sendUnaryData, type ServiceDefinition } from "@grpc/grpc-js";
import type { ServerUnaryCall, ServiceError, UntypedServiceImplementation } from "@grpc/grpc-js";
import { version } from "@muhlba91/pulumi-proxmoxve/package.json";
import { PluginInfo } from "@pulumi/pulumi/proto/plugin_pb";
import { ResourceProviderService } from "@pulumi/pulumi/proto/provider_grpc_pb";
import type * as messages from "@pulumi/pulumi/proto/provider_pb";
import { Value, type Struct } from "google-protobuf/google/protobuf/struct_pb";
import { z } from "zod";
import { ProxmoxApi } from "../../host/proxmox/api";
import { decode } from "../wire";
import { startPlugin } from "./plugin";
import { parseTrust, TRUST, TrustStore, type Trust } from "./trust";

/** Milliseconds for a call: each of ours is one or two requests to the API. */
const LIMIT = 60_000;
const where = "holdfast:fleet.proxmox.endpoint";
const asItIs = (bytes: Buffer): Buffer => bytes;
const services = ResourceProviderService as unknown as ServiceDefinition;
/** What asks the API, except in a preview. */
const asking = ["read", "create", "update", "delete"];

interface Target {
    readonly api: ProxmoxApi;
    readonly endpoint: string;
    readonly trust: Trust;
}

/** @param limit milliseconds */
export function guard(engineAddress: string | undefined, limit = LIMIT, start = startPlugin) {
    let store: TrustStore | undefined;
    let client: Promise<Client> | undefined;
    let target: Target | undefined;
    let ready: Promise<void> | undefined;

    /** Started when it is known whom it has to trust; another one, where it was asked something before that. */
    function plugin(trust: Trust = {}): Promise<Client> {
        if (!store && (trust.ca ?? trust.fingerprint) !== undefined) {
            store = new TrustStore();
            client = undefined;
        }
        return (client ??= start(engineAddress, store?.environment ?? {}));
    }

    async function forward(name: string, request: Buffer, trust?: Trust): Promise<Buffer> {
        const to = await plugin(trust);
        const { path } = services[name]!;
        return new Promise((resolve, reject) => {
            const deadline = Date.now() + limit;
            to.makeUnaryRequest(path, asItIs, asItIs, request, new Metadata(), { deadline }, (error, answer) => {
                if (!error) {
                    resolve(answer!);
                    return;
                }
                // Whoever asks next finds out whether it is still so.
                if (error.code === status.DEADLINE_EXCEEDED) ready = undefined;
                reject(error.code === status.DEADLINE_EXCEEDED ? new Error(tooLong()) : error);
            });
        });
    }

    function tooLong(): string {
        return `${where}: ${target?.endpoint ?? "proxmoxve's plugin"} did not answer proxmoxve's plugin within ${limit / 1000} s, so it was given up: see that pveproxy and pvedaemon run on that node. What it was doing there may have been done: \`pulumi up --refresh\` looks first`;
    }

    /** The API answers, and is who it should be. Asked once, since the plugin's own client would wait for ever. */
    async function prepare({ api, trust }: Target): Promise<void> {
        try {
            const pem = trust.fingerprint === undefined ? trust.ca : await api.certificate();
            if (pem !== undefined) store?.write(pem);
            await api.get("version", z.object({ version: z.string() }));
        } catch (error) {
            throw new Error(`${where}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
        }
    }

    async function answer(name: string, request: Buffer): Promise<Buffer> {
        // So the engine goes on as with a plugin from before it: nothing is started before it is configured.
        if (name === "handshake") throw Object.assign(new Error("not implemented"), { code: status.UNIMPLEMENTED });
        const method = services[name]!;
        if (name === "getPluginInfo") {
            const info = new PluginInfo();
            info.setVersion(version);
            return method.responseSerialize(info);
        }
        if (name === "checkConfig") {
            const given = method.requestDeserialize(request) as messages.CheckRequest;
            const text = taken(given.getNews());
            taken(given.getOlds());
            const bytes = await forward(name, serialized(name, given), parseTrust(text));
            const checked = method.responseDeserialize(bytes) as messages.CheckResponse;
            if (text !== undefined) checked.getInputs()?.getFieldsMap().set(TRUST, textValue(text));
            return method.responseSerialize(checked);
        }
        if (name === "diffConfig") {
            const given = method.requestDeserialize(request) as messages.DiffRequest;
            const text = taken(given.getNews());
            for (const other of [given.getOlds(), given.getOldInputs()]) taken(other);
            return forward(name, serialized(name, given), parseTrust(text));
        }
        if (name === "configure") {
            const given = method.requestDeserialize(request) as messages.ConfigureRequest;
            const { endpoint, apiToken } = decode<Record<string, string>>(given.getArgs()).value;
            const trust = parseTrust(taken(given.getArgs()));
            given.getVariablesMap().del(`proxmoxve:config:${TRUST}`);
            if (endpoint !== undefined)
                target = { api: new ProxmoxApi({ endpoint, ...trust }, apiToken), endpoint, trust };
            return forward(name, serialized(name, given), trust);
        }
        if (asking.includes(name) && target) {
            const given = method.requestDeserialize(request) as { getPreview?(): boolean };
            if (given.getPreview?.() !== true) await (ready ??= prepare(target));
        }
        return forward(name, request);
    }

    const unary = Object.entries(services).filter(([, each]) => !each.requestStream && !each.responseStream);
    const definition = Object.fromEntries(
        unary.map(([name, each]) => [
            name,
            {
                ...each,
                requestSerialize: asItIs,
                requestDeserialize: asItIs,
                responseSerialize: asItIs,
                responseDeserialize: asItIs,
            },
        ]),
    ) as ServiceDefinition;
    const implementation: UntypedServiceImplementation = Object.fromEntries(
        unary.map(([name]) => [
            name,
            ({ request }: ServerUnaryCall<Buffer, Buffer>, reply: sendUnaryData<Buffer>) =>
                void answer(name, request).then(
                    (bytes) => reply(null, bytes),
                    (error: unknown) => reply(asServiceError(error)),
                ),
        ]),
    );
    return { definition, implementation };
}

function textValue(text: string): Value {
    const value = new Value();
    value.setStringValue(text);
    return value;
}

function serialized(name: string, message: unknown): Buffer {
    return services[name]!.requestSerialize(message);
}

/** Ours is taken out: the plugin knows no such argument. */
function taken(struct: Struct | undefined): string | undefined {
    const fields = struct?.getFieldsMap();
    const text = fields?.get(TRUST)?.getStringValue();
    fields?.del(TRUST);
    return text;
}

/** Of the plugin as it came, details included: a resource that was made in part is told in them. */
function asServiceError(error: unknown): Partial<ServiceError> {
    const { code, details, message, metadata } = error as Partial<ServiceError>;
    return { code: code ?? status.UNKNOWN, details: details ?? message, message: details ?? message, metadata };
}
