import type { Applied } from "../../host/push";
import type { FileSetState } from "../../provider/fileState";
import { failure } from "../../provider/partlyApplied";

function applied(code: string): Applied {
    const seen = { files: {} };
    const change = { outcome: "reverted", code, text: "nobody confirmed it within 60 s", failed: [], differs: [] };
    return { seen, before: seen, result: { outcome: "failed", change }, trouble: "no answer" } as unknown as Applied;
}

test("what kept the client from confirming stands in the error, where that is why", () => {
    const message = (code: string) => failure("pve01", applied(code), {} as FileSetState).message;
    const reverted = "pve01: the change of the network is reverted: nobody confirmed it within 60 s.";
    expect(message("not-confirmed")).toBe(`${reverted} From here: no answer`);
    expect(message("checks-failed")).toBe(reverted);
});
