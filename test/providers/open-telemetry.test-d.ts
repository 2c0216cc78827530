import * as api from "@opentelemetry/api";
import { expectTypeOf, it } from "vitest";
import {
  type OpenTelemetryApi,
  OpenTelemetryProvider,
  type OpenTelemetryProviderOptions,
} from "../../src/entries/providers.ts";

it("takes OpenTelemetry's API, tracers and meters as they are", () => {
  expectTypeOf(api).toExtend<OpenTelemetryApi>();
  expectTypeOf<api.Tracer>().toExtend<NonNullable<OpenTelemetryProviderOptions["tracer"]>>();
  expectTypeOf<api.TracerProvider>().toExtend<NonNullable<OpenTelemetryProviderOptions["tracerProvider"]>>();
  expectTypeOf<api.Meter>().toExtend<NonNullable<OpenTelemetryProviderOptions["meter"]>>();
  expectTypeOf<api.MeterProvider>().toExtend<NonNullable<OpenTelemetryProviderOptions["meterProvider"]>>();
  expectTypeOf(new OpenTelemetryProvider({ api }).counts.open).toEqualTypeOf<number>();
  // @ts-expect-error the API must be given
  new OpenTelemetryProvider({});
});
