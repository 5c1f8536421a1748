/** The gRPC messages about `holdfast:proxmox:Object`. */
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import * as messages from "@pulumi/pulumi/proto/provider_pb";
import { API_OBJECT_TYPE, apiObjectId, type ApiObjectArgs } from "../../model/contract/apiObject";
import { changesResponse, checkResponse, tellably } from "../responses";
import { decode, encode, type Decoded } from "../wire";
import { ApiObjectController, faultsOf } from "./controller";
import { importedArgs } from "./imported";

export function isApiObject(urn: string): boolean {
    return urn.includes(`${API_OBJECT_TYPE}::`);
}

/** @param ours secrets of the configuration @param fleet of the configuration: an import looks there */
export function apiObjectService(controller: ApiObjectController, ours: readonly Decoded<unknown>[], fleet?: unknown) {
    const told = <T>(given: Decoded<ApiObjectArgs>, work: () => Promise<T>) => tellably([given, ...ours], work);
    return {
        async check(request: messages.CheckRequest) {
            const news = decode<ApiObjectArgs>(request.getNews());
            return checkResponse({ inputs: news.value, failures: faultsOf(news.value) }, news, ...ours);
        },
        async diff(request: messages.DiffRequest) {
            const olds = decode<ApiObjectArgs>(request.getOlds());
            const news = decode<ApiObjectArgs>(request.getNews());
            return changesResponse(controller.diff(olds.value, news.value));
        },
        async create(request: messages.CreateRequest) {
            const news = decode<ApiObjectArgs>(request.getProperties());
            const answer = new messages.CreateResponse();
            const state = request.getPreview() ? news.value : await told(news, () => controller.apply(news.value));
            answer.setId(apiObjectId(news.value));
            answer.setProperties(encode(state, news, ...ours));
            return answer;
        },
        async update(request: messages.UpdateRequest) {
            const news = decode<ApiObjectArgs>(request.getNews());
            const answer = new messages.UpdateResponse();
            const state = request.getPreview() ? news.value : await told(news, () => controller.apply(news.value));
            answer.setProperties(encode(state, news, ...ours));
            return answer;
        },
        async read(request: messages.ReadRequest) {
            const given = decode<ApiObjectArgs>(request.getInputs());
            const answer = new messages.ReadResponse();
            const isImport = faultsOf(given.value).length > 0;
            const inputs = isImport ? { ...given, value: importedArgs(fleet, request.getId()) } : given;
            const live = await told(inputs, () => controller.read(inputs.value));
            if (!live) return answer;
            answer.setId(request.getId());
            answer.setInputs(encode(live, inputs, ...ours));
            answer.setProperties(encode(live, inputs, ...ours));
            return answer;
        },
        /** Nothing is taken away: it was there before, or others may rely on it. */
        async delete() {
            return new Empty();
        },
    };
}
