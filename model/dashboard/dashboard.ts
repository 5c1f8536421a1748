/** The panels as a dashboard of Grafana's, for a file that it provisions. Pure. */
/* eslint-disable @typescript-eslint/no-deprecated -- the newer format is read by Grafana 12 and later alone */
import {
    DashboardBuilder,
    DashboardCursorSync,
    DashboardLinkBuilder,
    DatasourceVariableBuilder,
    MappingType,
    QueryVariableBuilder,
    RowBuilder,
    ThresholdsConfigBuilder,
    ThresholdsMode,
    VariableRefresh,
    VariableSort,
    type Dashboard,
    type ValueMapping,
} from "@grafana/grafana-foundation-sdk/dashboard";
import { GraphThresholdsStyleConfigBuilder, GraphThresholdsStyleMode } from "@grafana/grafana-foundation-sdk/common";
import { DataqueryBuilder } from "@grafana/grafana-foundation-sdk/prometheus";
import { PanelBuilder as StatBuilder } from "@grafana/grafana-foundation-sdk/stat";
import { PanelBuilder as StatesBuilder } from "@grafana/grafana-foundation-sdk/statetimeline";
import { PanelBuilder as LinesBuilder } from "@grafana/grafana-foundation-sdk/timeseries";
import { rows, type Panel, type Row } from "./panels";

/** Part of its address in Grafana: it never changes. */
export const dashboardUid = "holdfast-fleet";

/** Of 24. */
const width = 8;

/**
 * @param has whether any machine brings what a row needs: a panel that can never show anything is none
 * @returns what Grafana reads as JSON; it holds no name of a machine, so that a new one appears by itself
 */
export function fleetDashboard(has: (needed: NonNullable<Row["needs"]>) => boolean): Dashboard {
    const board = new DashboardBuilder("Holdfast: the fleet")
        .uid(dashboardUid)
        .tags(["holdfast", "proxmox"])
        .description("Written by `holdfast dashboard`; an edit here is lost when it is written again.")
        .readonly()
        .tooltip(DashboardCursorSync.Crosshair)
        .time({ from: "now-24h", to: "now" })
        .timezone("browser")
        .refresh("1m")
        .withVariable(new DatasourceVariableBuilder("datasource").label("Prometheus").type("prometheus"))
        .withVariable(labelVariable("job", "Job", "label_values(node_uname_info, job)"))
        .withVariable(
            labelVariable("instance", "Machine", 'label_values(node_uname_info{job=~"$job"}, instance)')
                .multi(true)
                .includeAll(true)
                .allValue(".*")
                .current({ text: "All", value: "$__all" }),
        );
    for (const { title, needs, panels } of rows) {
        if (needs !== undefined && !has(needs)) continue;
        board.withRow(new RowBuilder(title));
        for (const panel of panels) board.withPanel(built(panel));
    }
    return board.build();
}

function labelVariable(name: string, label: string, query: string): QueryVariableBuilder {
    return new QueryVariableBuilder(name)
        .label(label)
        .query(query)
        .datasource(datasource)
        .refresh(VariableRefresh.OnTimeRangeChanged)
        .sort(VariableSort.AlphabeticalAsc);
}

const datasource = { type: "prometheus", uid: "${datasource}" };

function built(panel: Panel): StatBuilder | StatesBuilder | LinesBuilder {
    switch (panel.kind) {
        case "number":
            return described(new StatBuilder(), panel);
        case "states":
            return described(new StatesBuilder(), panel).mappings(mappings(panel)).mergeValues(true);
        case "lines":
            return described(new LinesBuilder(), panel)
                .fillOpacity(0)
                .spanNulls(false)
                .thresholdsStyle(
                    new GraphThresholdsStyleConfigBuilder().mode(
                        panel.limits ? GraphThresholdsStyleMode.Dashed : GraphThresholdsStyleMode.Off,
                    ),
                );
    }
}

function described<Builder extends StatBuilder | StatesBuilder | LinesBuilder>(
    builder: Builder,
    { title, description, unit, queries, limits }: Panel,
): Builder {
    builder.title(title).description(description).unit(unit).datasource(datasource).span(width).height(8);
    // One page for each machine is this one, with that machine chosen.
    builder.dataLinks([
        new DashboardLinkBuilder("This machine alone").url(
            `/d/${dashboardUid}?\${datasource:queryparam}&\${job:queryparam}&var-instance=\${__field.labels.instance}`,
        ),
    ]);
    if (limits) builder.thresholds(thresholds(limits));
    for (const { expr, legend } of queries)
        builder.withTarget(new DataqueryBuilder().expr(expr).legendFormat(legend).datasource(datasource));
    return builder;
}

function thresholds({ warning, bad }: NonNullable<Panel["limits"]>): ThresholdsConfigBuilder {
    // Grafana reads null as "from the beginning"; its SDK leaves the field's type at a number or null.
    const steps = [{ value: null, color: "green" }, ...(warning < bad ? [{ value: warning, color: "orange" }] : [])];
    return new ThresholdsConfigBuilder().mode(ThresholdsMode.Absolute).steps([...steps, { value: bad, color: "red" }]);
}

function mappings({ words: [zero, one] = ["0", "1"] }: Panel): ValueMapping[] {
    const options = { "0": { text: zero, color: "red", index: 0 }, "1": { text: one, color: "green", index: 1 } };
    return [{ type: MappingType.ValueToText, options }];
}
