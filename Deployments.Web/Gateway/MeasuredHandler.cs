using System.Diagnostics;
using Deployments.Data.Telemetry;

namespace Deployments.Web.Gateway;

/// <summary>Times what really goes to upstreams: each redirect by itself, answers of the caches not at all.</summary>
sealed class MeasuredHandler(HttpMessageHandler inner) : DelegatingHandler(inner)
{
    protected override async Task<HttpResponseMessage> SendAsync(
        HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var began = Stopwatch.GetTimestamp();
        int? status = null;
        try
        {
            var response = await base.SendAsync(request, cancellationToken);
            status = (int)response.StatusCode;
            return response;
        }
        finally
        {
            Measures.Asked(status, began);
        }
    }
}
