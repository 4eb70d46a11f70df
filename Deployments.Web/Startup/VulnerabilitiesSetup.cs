using Deployments.Web.Api;
using Deployments.Web.Vulnerabilities;

namespace Deployments.Web.Startup;

/// <summary>Advisories: their import, and the API that reads what they concern.</summary>
static class VulnerabilitiesSetup
{
    public static void AddVulnerabilities(this WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton<OsvReader>();
        builder.Services.AddSingleton<AdvisoryImport>();
        builder.Services.AddSingleton<AdvisoryUpload>();
        builder.Services.AddSingleton<AdvisoryFetch>();
        builder.Services.AddSingleton<AssessmentApi>();
        builder.Services.AddSingleton<ExposureReader>();
        builder.Services.AddSingleton<ExposureApi>();
        builder.Services.AddSingleton<OpenVex>();
        builder.Services.AddSingleton<CycloneDx>();
        builder.Services.AddSingleton<VexApi>();
        builder.Services.AddSingleton<ScaApi>();
    }

    public static void MapVulnerabilities(this WebApplication app)
    {
        VulnerabilityApi.Map(app);
        AssessmentApi.Map(app);
        ExposureApi.Map(app);
        VexApi.Map(app);
        SbomApi.Map(app);
        ScaApi.Map(app);
    }
}
