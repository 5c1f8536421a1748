/** Pulumi's ResourceProvider gRPC service: messages in, controller called, messages out. No rules of its own. */
import type { sendUnaryData, ServerUnaryCall, UntypedServiceImplementation } from "@grpc/grpc-js";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import { PluginInfo } from "@pulumi/pulumi/proto/plugin_pb";
import * as messages from "@pulumi/pulumi/proto/provider_pb";
import { API_OBJECT_TYPE } from "../model/contract/apiObject";
import type { FileSetArgs } from "../model/contract/fileSet";
import { currentConfig, parseConfiguration, secretConfig, takeStackConfig, type Configuration } from "./configuration";
import { commandLineOf, lookOf } from "./engineCommand";
import { EngineLog } from "./engineLog";
import { FILE_SET_TYPE } from "../model/contract/fileSet";
import { FileSetController } from "./fileSet";
import { faultsOfSecrets } from "./inputs";
import { NodePool } from "./nodePool";
import { Operation } from "./operation";
import { ProxmoxApi } from "../host/proxmox/api";
import { ApiObjectController } from "./apiObject/controller";
import { apiObjectService, isApiObject } from "./apiObject/service";
import { behind, Restores } from "./order";
import { PeerNames } from "./peerNames";
import { Proofs } from "./proofs";
import { checkResponse, diffResponse, errorResponse, tellably } from "./responses";
import type { FileSetState } from "./fileState";
import { schemaOf } from "./schema";
import { decode, encode, tellable, type Decoded } from "./wire";

/** Answers for components; the program's half, so the launcher hands it in. */
export type Construct = (
    request: messages.ConstructRequest,
    engineAddress: string | undefined,
) => Promise<messages.ConstructResponse>;

/** `version` is the package's. `poolOf`: of another kind of nodes, in unit tests. */
export function providerService(
    engineAddress: string | undefined,
    version: string,
    poolOf = (configuration: () => Configuration): Pick<NodePool, "get" | "cancel"> => new NodePool(configuration),
    construct?: Construct,
): UntypedServiceImplementation {
    const stack = takeStackConfig(process.env);
    let configuration: Configuration = parseConfiguration({});
    /** What the configuration has of secrets: they may turn up in any FileSet. */
    let ours: readonly Decoded<unknown>[] = [secretConfig(stack)];
    let log = engineAddress ? new EngineLog(engineAddress) : undefined;
    let isCancelled = false;
    const nodes = poolOf(() => configuration);
    const look = lookOf(commandLineOf(process.ppid));
    const said = new Set<string>();
    const restores = new Restores();
    const peerNames = new PeerNames(nodes.get);
    const proofs = new Proofs(nodes.get);
    const controller = () => new FileSetController(new Operation(configuration, nodes.get, said, peerNames, proofs));
    const silent = { status: () => undefined, info: () => undefined, warning: () => undefined };
    const logOf = (urn: string, ...given: readonly Decoded<unknown>[]) =>
        log?.for(urn, (message) => tellable(message, ...given, ...ours)) ?? silent;

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
            answer.setSchema(schemaOf(version));
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
            const given = decode<Record<string, unknown>>(request.getArgs());
            configuration = parseConfiguration(currentConfig(given.value, stack, request.getName()));
            ours = [given, secretConfig(stack)];
            const answer = new messages.ConfigureResponse();
            answer.setAcceptsecrets(true);
            answer.setSupportspreview(true);
            return answer;
        },

        async check(request: messages.CheckRequest) {
            refuseOtherTypes(request.getUrn());
            const news = decode<FileSetArgs>(request.getNews());
            const olds = decode(request.getOlds());
            const checked = controller().check(news.value, olds.value, logOf(request.getUrn(), news, olds));
            return checkResponse(
                { ...checked, failures: [...checked.failures, ...faultsOfSecrets(news.secrets)] },
                news,
                olds,
                ...ours,
            );
        },
        async diff(request: messages.DiffRequest) {
            const olds = decode<FileSetState>(request.getOlds());
            const news = decode<FileSetArgs>(request.getNews());
            const before = decode<FileSetArgs>(request.getOldInputs());
            return diffResponse(
                await controller().diff(olds.value, news.value, logOf(request.getUrn(), news, olds, before)),
                before.value,
                news.value,
            );
        },
        async create(request: messages.CreateRequest) {
            const news = decode<FileSetArgs>(request.getProperties());
            const answer = new messages.CreateResponse();
            if (request.getPreview()) {
                answer.setProperties(
                    encode(controller().previewCreate(news.value, logOf(request.getUrn(), news)), news, ...ours),
                );
                return answer;
            }
            refuseInLook("create");
            const { id, state } = await pushed(request, [news], () =>
                controller().create(news.value, logOf(request.getUrn(), news), secretFiles(news)),
            );
            answer.setId(id);
            answer.setProperties(encode(state, news, ...ours));
            return answer;
        },
        async update(request: messages.UpdateRequest) {
            const olds = decode<FileSetState>(request.getOlds());
            const news = decode<FileSetArgs>(request.getNews());
            const before = decode<FileSetArgs>(request.getOldInputs());
            const answer = new messages.UpdateResponse();
            if (!request.getPreview()) refuseInLook("update");
            const state = request.getPreview()
                ? controller().preview(news.value)
                : await pushed(request, [news, olds, before], () =>
                      controller().update(
                          olds.value,
                          news.value,
                          logOf(request.getUrn(), news, olds, before),
                          secretFiles(news, olds),
                          before.value,
                      ),
                  );
            answer.setProperties(encode(state, news, olds, before, ...ours));
            return answer;
        },
        async read(request: messages.ReadRequest) {
            refuseOtherTypes(request.getUrn());
            const inputs = decode<FileSetArgs>(request.getInputs());
            const last = decode<FileSetState>(request.getProperties());
            const live = await guarded(request, [inputs, last], () =>
                controller().read(request.getId(), inputs.value, last.value, logOf(request.getUrn(), inputs, last)),
            );
            const answer = new messages.ReadResponse();
            answer.setId(request.getId());
            answer.setInputs(encode(live.inputs, inputs, last, ...ours));
            answer.setProperties(encode(live.state, inputs, last, ...ours));
            return answer;
        },
        async delete(request: messages.DeleteRequest) {
            refuseInLook("delete");
            const last = decode<FileSetState>(request.getProperties());
            const declared = decode<FileSetArgs>(request.getOldInputs());
            const remove = () =>
                controller().delete(
                    declared.value,
                    last.value,
                    logOf(request.getUrn(), last, declared),
                    secretFiles(last, declared),
                );
            const { host, concern } = last.value;
            await guarded(request, [last, declared], () =>
                last.value.onDelete === "restore" ? restores.run(host.name, concern, remove) : remove(),
            );
            return new Empty();
        },
        async construct(request: messages.ConstructRequest) {
            if (!construct) throw new Error("this plugin was started without its components");
            return tellably(ours, () => construct(request, engineAddress));
        },
        /**
         * Nothing new is begun; what has begun is waited for, since a node finishes or undoes its transaction in any
         * case.
         */
        async cancel() {
            isCancelled = true;
            nodes.cancel();
            return new Empty();
        },
    };

    /**
     * The engine asks for no such thing in a process that it has started for a look; whoever does is not the engine.
     */
    function refuseInLook(verb: string): void {
        if (look)
            throw new Error(
                `this plugin was started by \`pulumi ${look}\`, which only looks: it refuses to ${verb} anything`,
            );
    }

    /** What contacts a node: not after a Cancel, and no secret leaves in an error. */
    async function guarded<T>(
        request: { getUrn(): string },
        given: readonly Decoded<unknown>[],
        work: () => Promise<T>,
    ): Promise<T> {
        if (isCancelled) throw new Error("cancelled, so this was not begun");
        try {
            return await tellably([...given, ...ours], work);
        } finally {
            log?.end(request.getUrn());
        }
    }

    /** As guarded; a failure says whom it leaves alone, as the program is stopped before it could. */
    async function pushed<T>(
        request: { getUrn(): string },
        given: readonly [Decoded<FileSetArgs>, ...Decoded<unknown>[]],
        work: () => Promise<T>,
    ): Promise<T> {
        try {
            return await guarded(request, given, work);
        } catch (error) {
            const { host, concern } = given[0].value;
            const others = behind(configuration.fleet, host.name, concern);
            if (others.length > 0)
                logOf(request.getUrn()).warning(`not attempted because ${host.name} failed: ${others.join(", ")}`);
            throw error;
        }
    }

    function unary(handler: Handler) {
        return (call: ServerUnaryCall<never, unknown>, answer: sendUnaryData<unknown>) => {
            handler(call.request)
                .finally(() => log?.flush())
                .then(
                    (response) => answer(null, response),
                    (error: unknown) => answer(errorResponse(error)),
                );
        };
    }

    /** The other resource type: looks and guards are the same, the messages are its own. */
    function byType(name: string, handler: Handler): Handler {
        return async (request: never) => {
            const { getUrn, getPreview } = request as Partial<messages.CreateRequest>;
            if (!getUrn || !isApiObject(getUrn.call(request))) return handler(request);
            const objects = apiObjectService(
                new ApiObjectController((target) => new ProxmoxApi(target, configuration.proxmoxToken)),
                ours,
                configuration.fleet,
            );
            const own = (objects as Partial<Record<string, Handler>>)[name];
            if (!own) return handler(request);
            if (["create", "update", "delete"].includes(name) && getPreview?.call(request) !== true) refuseInLook(name);
            if (isCancelled) throw new Error("cancelled, so this was not begun");
            return own(request);
        };
    }

    return Object.fromEntries(
        Object.entries(service).map(([name, handler]) => [name, unary(byType(name, handler as Handler))]),
    ) as UntypedServiceImplementation;
}

type Handler = (request: never) => Promise<unknown>;

/** Files of which any part was declared secret. */
function secretFiles(...given: readonly Decoded<FileSetArgs | FileSetState>[]): ReadonlySet<string> {
    return new Set(
        given.flatMap(({ value, secrets }) =>
            secrets.flatMap(([top, path]) => (top === "files" ? (path ?? Object.keys(value.files)) : [])),
        ),
    );
}

function refuseOtherTypes(urn: string): void {
    if (!urn.includes(`${FILE_SET_TYPE}::`))
        throw new Error(`${urn}: the holdfast provider has the resource types ${FILE_SET_TYPE} and ${API_OBJECT_TYPE}`);
}
