/** Pulumi's ResourceProvider gRPC service: messages in, controller called, messages out. No rules of its own. */
import { Metadata, status, type sendUnaryData, type ServerUnaryCall, type UntypedServiceImplementation } from "@grpc/grpc-js";
import { Any } from "google-protobuf/google/protobuf/any_pb";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import { PluginInfo } from "@pulumi/pulumi/proto/plugin_pb";
import * as messages from "@pulumi/pulumi/proto/provider_pb";
import { Status } from "@pulumi/pulumi/proto/status_pb";
import type { FileSetArgs } from "../model/fileSet";
import { parseConfiguration, type Configuration } from "./configuration";
import { EngineLog } from "./engineLog";
import { FileSetController, PartlyAppliedError, TOKEN } from "./fileSet";
import { NodePool } from "./nodePool";
import type { Difference, FileSetState } from "./state";
import { decode, encode, mask, type Decoded } from "./wire";

const KIND = {
    add: messages.PropertyDiff.Kind.ADD,
    delete: messages.PropertyDiff.Kind.DELETE,
    update: messages.PropertyDiff.Kind.UPDATE,
};

/** `version` is the package's. */
export function providerService(engineAddress: string | undefined, version: string): UntypedServiceImplementation {
    let configuration: Configuration = parseConfiguration({});
    let log = engineAddress ? new EngineLog(engineAddress) : undefined;
    const nodes = new NodePool(() => configuration);
    const controller = () => new FileSetController(configuration, nodes.get);
    const silent = { status: () => undefined, info: () => undefined, warning: () => undefined };
    const logOf = (urn: string, given?: Decoded<unknown>) => log?.for(urn, (message) => (given ? mask(message, given.value, given.secrets) : message)) ?? silent;

    const service = {
        async handshake() {
            const answer = new messages.ProviderHandshakeResponse();
            answer.setAcceptSecrets(true);
            return answer;
        },
        async attach(request: { getAddress(): string }) {
            log = new EngineLog(request.getAddress());
            return new Empty();
        },
        async getPluginInfo() {
            const answer = new PluginInfo();
            answer.setVersion(version);
            return answer;
        },
        async getSchema() {
            const answer = new messages.GetSchemaResponse();
            answer.setSchema(JSON.stringify({ name: "holdfast", version }));
            return answer;
        },
        async checkConfig(request: messages.CheckRequest) {
            const answer = new messages.CheckResponse();
            answer.setInputs(request.getNews());
            return answer;
        },
        /** Another key, address or fleet is never a reason to replace what stands on the nodes. */
        async diffConfig() {
            const answer = new messages.DiffResponse();
            answer.setChanges(messages.DiffResponse.DiffChanges.DIFF_NONE);
            return answer;
        },
        async configure(request: messages.ConfigureRequest) {
            configuration = parseConfiguration(decode<Record<string, unknown>>(request.getArgs()).value);
            const answer = new messages.ConfigureResponse();
            answer.setAcceptsecrets(true);
            answer.setSupportspreview(true);
            return answer;
        },

        async check(request: messages.CheckRequest) {
            refuseOtherTypes(request.getUrn());
            const news = decode<FileSetArgs>(request.getNews());
            const { inputs, failures } = controller().check(news.value, logOf(request.getUrn(), news));
            const answer = new messages.CheckResponse();
            answer.setInputs(encode(inputs, news.secrets));
            answer.setFailuresList(
                failures.map(({ property, reason }) => {
                    const failure = new messages.CheckFailure();
                    failure.setProperty(property);
                    failure.setReason(mask(reason, news.value, news.secrets));
                    return failure;
                }),
            );
            return answer;
        },
        async diff(request: messages.DiffRequest) {
            const olds = decode<FileSetState>(request.getOlds());
            const news = decode<FileSetArgs>(request.getNews());
            return diffResponse(controller().diff(olds.value, news.value));
        },
        async create(request: messages.CreateRequest) {
            const given = decode<FileSetArgs>(request.getProperties());
            const answer = new messages.CreateResponse();
            if (request.getPreview()) {
                answer.setProperties(encode(controller().preview(given.value), given.secrets));
                return answer;
            }
            const id = `${given.value.host.name}/${given.value.concern}`;
            const created = await keepingPart(id, given, () => controller().create(given.value, logOf(request.getUrn(), given)));
            answer.setId(created.id);
            answer.setProperties(encode(created.state, given.secrets));
            return answer;
        },
        async update(request: messages.UpdateRequest) {
            const olds = decode<FileSetState>(request.getOlds());
            const news = decode<FileSetArgs>(request.getNews());
            const answer = new messages.UpdateResponse();
            const state = request.getPreview()
                ? controller().preview(news.value)
                : await keepingPart(request.getId(), news, () => controller().update(olds.value, news.value, logOf(request.getUrn(), news)));
            answer.setProperties(encode(state, news.secrets));
            return answer;
        },
        async read(request: messages.ReadRequest) {
            const inputs = decode<FileSetArgs>(request.getInputs());
            const last = decode<FileSetState>(request.getProperties());
            const live = await controller().read(request.getId(), inputs.value, last.value, logOf(request.getUrn(), inputs));
            const answer = new messages.ReadResponse();
            answer.setId(request.getId());
            answer.setInputs(encode(live.inputs, inputs.secrets));
            answer.setProperties(encode(live.state, inputs.secrets));
            return answer;
        },
        async delete(request: messages.DeleteRequest) {
            const last = decode<FileSetState>(request.getProperties());
            await controller().delete(last.value, logOf(request.getUrn(), last));
            return new Empty();
        },
        /** Advisory: what runs on a node finishes or undoes itself there; nothing new is begun, for the engine asks for nothing new. */
        async cancel() {
            nodes.end();
            return new Empty();
        },
    };
    return Object.fromEntries(Object.entries(service).map(([name, handler]) => [name, unary(handler as Handler)])) as UntypedServiceImplementation;
}

type Handler = (request: never) => Promise<unknown>;

function unary(handler: Handler) {
    return (call: ServerUnaryCall<never, unknown>, answer: sendUnaryData<unknown>) => {
        handler(call.request).then(
            (response) => answer(null, response),
            (error: Error & { metadata?: Metadata }) => answer({ code: status.UNKNOWN, message: error.message, metadata: error.metadata }),
        );
    };
}

function refuseOtherTypes(urn: string): void {
    if (!urn.includes(`${TOKEN}::`)) throw new Error(`${urn}: the holdfast provider has one resource type, ${TOKEN}`);
}

function diffResponse(differences: readonly Difference[]): messages.DiffResponse {
    const answer = new messages.DiffResponse();
    answer.setChanges(differences.length > 0 ? messages.DiffResponse.DiffChanges.DIFF_SOME : messages.DiffResponse.DiffChanges.DIFF_NONE);
    answer.setDiffsList([...new Set(differences.map(({ path }) => path.split(/[.[]/)[0]!))]);
    answer.setHasdetaileddiff(true);
    for (const { path, kind } of differences) {
        const detail = new messages.PropertyDiff();
        detail.setKind(KIND[kind]);
        answer.getDetaileddiffMap().set(path, detail);
    }
    return answer;
}

/** Secrets leave no error either. What was applied in part goes back as ErrorResourceInitFailed, which the engine keeps in state. */
async function keepingPart<T>(id: string, given: Decoded<unknown>, work: () => Promise<T>): Promise<T> {
    try {
        return await work();
    } catch (error) {
        const message = mask(error instanceof Error ? error.message : String(error), given.value, given.secrets);
        const clean: Error & { metadata?: Metadata } = new Error(message, { cause: error });
        if (error instanceof PartlyAppliedError) clean.metadata = initFailed(id, message, error.state, given);
        throw clean;
    }
}

function initFailed(id: string, message: string, state: FileSetState, given: Decoded<unknown>): Metadata {
    const detail = new messages.ErrorResourceInitFailed();
    detail.setId(id);
    detail.setReasonsList([message]);
    detail.setProperties(encode(state, given.secrets));
    const { observed: _, ...inputs } = state;
    detail.setInputs(encode(inputs, given.secrets));
    const any = new Any();
    any.pack(detail.serializeBinary(), "pulumirpc.ErrorResourceInitFailed");
    const wrapped = new Status();
    wrapped.setCode(status.UNKNOWN);
    wrapped.setMessage(message);
    wrapped.setDetailsList([any]);
    const metadata = new Metadata();
    metadata.set("grpc-status-details-bin", Buffer.from(wrapped.serializeBinary()));
    return metadata;
}
