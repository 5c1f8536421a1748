/** One `pulumi preview --diff`. Changes neither nodes nor state. */
import { showControls } from "../../model/lint/controls";
import { renderUpgrade, upgradeIn } from "../changes/run";
import { readPackageFile } from "../packageFile";
import type { PreviewOptions } from "./options";
import { ofStack, runPulumi } from "../pulumi";
import { brokenStateIn } from "../remedy";
import { renderPreview } from "./markdown";

export interface Previewed {
    readonly exitCode: 0 | 1;
    readonly text: string;
}

/** @throws Error where there is no pulumi to be run; what pulumi itself refuses is a result */
export async function preview({ format, stack, refresh, timeout }: PreviewOptions): Promise<Previewed> {
    const args = ["preview", "--diff", "--suppress-progress", ...(refresh ? ["--refresh"] : []), ...ofStack(stack)];
    const {
        exitCode,
        all = "",
        cut,
    } = await runPulumi(args, {
        all: true,
        timeout,
        // A killed engine would leave its language host behind; one that is interrupted ends it.
        deathSignal: "INT",
    });
    const succeeded = exitCode === 0 && cut === undefined;
    const added = cut !== undefined ? `the preview was cut short (${cut}): run it again` : brokenStateIn(all);
    const output = succeeded || added === undefined ? all : `${all}\nerror: ${added}\n`;
    const upgrade = upgradeIn(all, readPackageFile("CHANGELOG.md"));
    const why = upgrade && renderUpgrade(upgrade);
    return {
        exitCode: succeeded ? 0 : 1,
        text:
            format === "text"
                ? `${showControls(output)}${why === undefined ? "" : `\n${showControls(why)}`}`
                : renderPreview({ output, succeeded, stack, refresh, why }),
    };
}
