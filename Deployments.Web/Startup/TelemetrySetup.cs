using System.Globalization;
using Deployments.Data.Telemetry;
using Deployments.Web.Telemetry;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;

namespace Deployments.Web.Startup;

/// <summary>
/// What tells operators how the program does: <c>/metrics</c> for Prometheus; and OTLP where one of the standard
/// variables (<c>OTEL_EXPORTER_OTLP_ENDPOINT</c> …) asks for it.
/// </summary>
static class TelemetrySetup
{
    const string Requests = "Microsoft.AspNetCore.Hosting";
    const int PeriodMs = 60_000; // OpenTelemetry's own

    // Each combination of labels is kept as long as the program runs. A route is a template: it names nothing.
    static readonly string[] LabelsOfRequests =
        ["http.request.method", "http.response.status_code", "http.route", "error.type"];

    public static void AddTelemetry(this WebApplicationBuilder builder)
    {
        var services = builder.Services;
        services.AddSingleton<Gauges>();
        services.AddSingleton<MetricsAccess>();
        var isSent = IsSent(builder.Configuration);
        services.AddSingleton(_ => new Listening(isSent));
        if (isSent)
        {
            var period = int.TryParse(
                builder.Configuration["OTEL_METRIC_EXPORT_INTERVAL"], CultureInfo.InvariantCulture, out var given)
                && given > 0 ? given : PeriodMs;
            services.AddHostedService(provider => new CollectedGauges(
                provider.GetRequiredService<Gauges>(), provider.GetRequiredService<TimeProvider>(),
                TimeSpan.FromMilliseconds(period)));
        }
    }

    /// <summary>
    /// Begins to listen, beside what else is to be done before the first request: it takes longer than it should.
    /// </summary>
    public static void BeginTelemetry(this WebApplication app) => app.Services.GetRequiredService<Listening>();

    /// <summary>Maps <c>/metrics</c> for those who may read it.</summary>
    public static async Task MapTelemetryAsync(this WebApplication app)
    {
        var gauges = app.Services.GetRequiredService<Gauges>();
        var access = app.Services.GetRequiredService<MetricsAccess>();
        var provider = await app.Services.GetRequiredService<Listening>().Provider;
        Measures.Announce();
        app.MapPrometheusScrapingEndpoint("/metrics", provider, branch =>
            branch.Use(async (context, next) =>
            {
                if (!await access.AdmitAsync(context))
                    return;
                context.Response.Headers.CacheControl = "no-store";
                await gauges.LookAsync(context.RequestAborted);
                await next(context);
            }), optionsName: null);
    }

    // As the specification has it, except that nothing is sent unless something says where, or that it shall be.
    static bool IsSent(ConfigurationManager configuration) =>
        !string.Equals(configuration["OTEL_SDK_DISABLED"], "true", StringComparison.OrdinalIgnoreCase)
        && (configuration["OTEL_METRICS_EXPORTER"] is { Length: > 0 } exporter
            ? string.Equals(exporter, "otlp", StringComparison.OrdinalIgnoreCase)
            : configuration["OTEL_EXPORTER_OTLP_ENDPOINT"] is { Length: > 0 }
                || configuration["OTEL_EXPORTER_OTLP_METRICS_ENDPOINT"] is { Length: > 0 });

    static MeterProvider Build(bool isSent)
    {
        var builder = Sdk.CreateMeterProviderBuilder()
            .ConfigureResource(resource => resource
                .AddService("deployments", serviceVersion: JobsSetup.ProgramVersion,
                    serviceInstanceId: Environment.MachineName)
                .AddEnvironmentVariableDetector()) // what OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES say wins
            .AddMeter(Measures.MeterName, Requests, "System.Runtime")
            .AddView("http.server.request.duration", new ExplicitBucketHistogramConfiguration
            {
                TagKeys = LabelsOfRequests,
                Boundaries = [0.001, 0.005, 0.025, 0.1, 0.25, 1, 2.5, 10, 60],
            })
            .AddPrometheusExporter();
        return (isSent ? builder.AddOtlpExporter() : builder).Build();
    }

    /// <summary>What listens, built beside the start; the container ends it.</summary>
    sealed class Listening(bool isSent) : IDisposable
    {
        public Task<MeterProvider> Provider { get; } = Task.Run(() => Build(isSent));

        public void Dispose() => Provider.GetAwaiter().GetResult().Dispose();
    }
}
