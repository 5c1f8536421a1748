import type { Look } from "../../host/look";
import type { FileSetState } from "../../provider/fileState";
import { restoring } from "../../provider/restore";

const last = {
    host: { name: "pve01", address: "192.0.2.11" },
    concern: "hosts",
    files: {},
    rollout: { proof: "booted", after: [], withoutQuorum: true },
} as unknown as FileSetState;
const look = { seen: { files: {} }, originals: {} } as unknown as Look;

describe("the way back", () => {
    test("waits for no wave, and whoever needs no quorum there needs none here", () => {
        expect(restoring(last, look).rollout).toEqual({ withoutQuorum: true });
    });

    test("asks for the cluster's votes where nobody said otherwise", () => {
        const { withoutQuorum: _, ...rollout } = last.rollout!;
        expect(restoring({ ...last, rollout }, look).rollout).toBeUndefined();
    });
});
