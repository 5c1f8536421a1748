/** Answers of the gRPC service that take more than one line to build. */
import { Metadata, status, type ServiceError } from "@grpc/grpc-js";
import { Any } from "google-protobuf/google/protobuf/any_pb";
import * as messages from "@pulumi/pulumi/proto/provider_pb";
import { Status } from "@pulumi/pulumi/proto/status_pb";
import type { FileSetArgs } from "../model/contract/fileSet";
import { compare, type Difference } from "./compare";
import type { FileSetState } from "./fileState";
import { idOf } from "./id";
import type { Checked } from "./inputs";
import { KeptError } from "./kept";
import { encode, tellable, type Decoded } from "./wire";

const KIND = {
    add: messages.PropertyDiff.Kind.ADD,
    delete: messages.PropertyDiff.Kind.DELETE,
    update: messages.PropertyDiff.Kind.UPDATE,
};

export function checkResponse(
    { inputs, failures }: Pick<Checked, "failures"> & { readonly inputs: object },
    ...given: readonly Decoded<unknown>[]
): messages.CheckResponse {
    const answer = new messages.CheckResponse();
    answer.setInputs(encode(inputs, ...given));
    answer.setFailuresList(
        failures.map(({ property, reason }) => {
            const failure = new messages.CheckFailure();
            failure.setProperty(tellable(property, ...given));
            failure.setReason(tellable(reason, ...given));
            return failure;
        }),
    );
    return answer;
}

/**
 * `before` and `news`: inputs. Where these differ the engine shows them; else state against inputs, as after an `up`
 * that left a difference.
 */
export function diffResponse(
    differences: readonly Difference[],
    before: FileSetArgs,
    news: FileSetArgs,
): messages.DiffResponse {
    const changed = new Set("files" in before ? compare(before as FileSetState, news).map(({ path }) => path) : []);
    return changesResponse(differences, (path) => changed.has(path));
}

/** @param isInput whether the inputs themselves differ there */
export function changesResponse(
    differences: readonly Pick<Difference, "path" | "parts" | "kind">[],
    isInput: (path: string) => boolean = () => false,
): messages.DiffResponse {
    const answer = new messages.DiffResponse();
    const { DIFF_SOME, DIFF_NONE } = messages.DiffResponse.DiffChanges;
    answer.setChanges(differences.length > 0 ? DIFF_SOME : DIFF_NONE);
    answer.setDiffsList([...new Set(differences.map(({ parts }) => parts[0]!))]);
    answer.setHasdetaileddiff(true);
    for (const { path, kind } of differences) {
        const detail = new messages.PropertyDiff();
        detail.setKind(KIND[kind]);
        detail.setInputdiff(isInput(path));
        answer.getDetaileddiffMap().set(path, detail);
    }
    return answer;
}

/** Applied in part: the engine keeps `state`, and the next `up` goes on from there. */
export class InitFailedError extends Error {
    override readonly name = "InitFailedError";

    constructor(
        message: string,
        readonly state: object,
        readonly given: readonly Decoded<unknown>[] = [],
        readonly id = idOf(state as FileSetState),
    ) {
        super(message);
    }
}

/** The work, without anything secret in its error; what is told with a state is kept in it. */
export async function tellably<T>(given: readonly Decoded<unknown>[], work: () => Promise<T>): Promise<T> {
    try {
        return await work();
    } catch (error) {
        const message = tellable(error instanceof Error ? error.message : String(error), ...given);
        const { state, id } = error instanceof KeptError ? error : {};
        throw state ? new InitFailedError(message, state, given, id) : new Error(message, { cause: error });
    }
}

export function errorResponse(error: unknown): Partial<ServiceError> {
    const message = error instanceof Error ? error.message : String(error);
    return { code: status.UNKNOWN, message, ...(error instanceof InitFailedError && { metadata: initFailed(error) }) };
}

/** The engine reads ErrorResourceInitFailed out of a google.rpc.Status, which gRPC carries in a trailer. */
function initFailed({ message, state, given, id }: InitFailedError): Metadata {
    const detail = new messages.ErrorResourceInitFailed();
    detail.setId(id);
    detail.setReasonsList([message]);
    detail.setProperties(encode(state, ...given));
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
