namespace Deployments.Web.Startup;

static class PagesSetup
{
    public static void AddPages(this WebApplicationBuilder builder) => builder.Services.AddRazorPages();
}
