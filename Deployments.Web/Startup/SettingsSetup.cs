using Deployments.Web.Accounts;
using Deployments.Web.Embedded;
using Deployments.Web.Settings;

namespace Deployments.Web.Startup;

static class SettingsSetup
{
    const string DefaultUrl = "http://127.0.0.1:8624"; // ProGet's port

    /// <summary>Reads and checks the settings; nothing else reads raw configuration.</summary>
    /// <exception cref="CannotStartException">A setting is out of its limits.</exception>
    public static DeploymentsSettings AddSettings(this WebApplicationBuilder builder)
    {
        if (SettingsCheck.Problems(builder.Configuration) is { Count: > 0 } problems)
            throw new CannotStartException(string.Join(Environment.NewLine, problems));
        foreach (var unknown in SettingsCheck.Unknown(builder.Configuration))
            Console.Error.WriteLine(unknown);
        var settings = builder.Configuration.GetSection("Deployments").Get<DeploymentsSettings>()
            ?? new DeploymentsSettings();
        var result = new DeploymentsSettingsValidator().Validate(settings);
        if (!result.IsValid)
            throw new CannotStartException(
                string.Join(Environment.NewLine, result.Errors.Select(error => error.ErrorMessage)));

        var dataDirectory = Path.GetFullPath(settings.DataDirectory ?? DataDirectory.Default());
        settings = settings with
        {
            DataDirectory = dataDirectory,
            PackagesDirectory = Path.GetFullPath(settings.PackagesDirectory ?? Path.Combine(dataDirectory, "packages")),
        };
        builder.Services.AddSingleton(settings);
        builder.Services.AddSingleton(KeyFile.Choose(
            settings, string.IsNullOrWhiteSpace(builder.Configuration.GetConnectionString("Deployments"))));
        builder.Services.AddSingleton(SettingsInForce.Read(builder.Configuration, settings, DefaultUrl));
        if (string.IsNullOrEmpty(builder.Configuration["urls"]))
            builder.WebHost.UseUrls(DefaultUrl);
        builder.Services.AddSingleton(TimeProvider.System);
        return settings;
    }
}
