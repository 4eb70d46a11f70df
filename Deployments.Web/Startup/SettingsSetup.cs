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
        var keys = SettingsCheck.KeysOf(builder.Configuration);
        if (SecretFiles.Add(builder.Configuration, keys) is { Count: > 0 } unread)
            throw new CannotStartException(string.Join(Environment.NewLine, unread));
        if (SettingsCheck.Problems(builder.Configuration) is { Count: > 0 } problems)
            throw new CannotStartException(string.Join(Environment.NewLine, problems));
        foreach (var unknown in SettingsCheck.Unknown(builder.Configuration))
            Console.Error.WriteLine(unknown);
        var settings = builder.Configuration.GetSection("Deployments").Get<DeploymentsSettings>()
            ?? new DeploymentsSettings();
        var errors = new DeploymentsSettingsValidator().Validate(settings).Errors
            .Concat(new CredentialRules().Validate(settings).Errors)
            .Select(error => error.ErrorMessage).ToList();
        if (errors.Count > 0)
            throw new CannotStartException(string.Join(Environment.NewLine, errors));

        var dataDirectory = Path.GetFullPath(settings.DataDirectory ?? DataDirectory.Default());
        if (settings.PackagesDirectory is { } packages)
            MakePackagesDirectory(packages);
        settings = settings with
        {
            DataDirectory = dataDirectory,
            PackagesDirectory = Path.GetFullPath(settings.PackagesDirectory ?? Path.Combine(dataDirectory, "packages")),
        };
        builder.Services.AddSingleton(settings);
        builder.Services.AddSingleton(KeyFile.Choose(
            settings, string.IsNullOrWhiteSpace(builder.Configuration.GetConnectionString("Deployments"))));
        // Kestrel's own settings, which also say where certificates are, take the place of addresses.
        var hasEndpoints = builder.Configuration.GetSection("Kestrel:Endpoints").GetChildren().Any();
        builder.Services.AddSingleton(SettingsInForce.Read(
            builder.Configuration, settings, hasEndpoints ? "as Kestrel__Endpoints__… say" : DefaultUrl));
        if (!hasEndpoints && string.IsNullOrEmpty(builder.Configuration["urls"]))
            builder.WebHost.UseUrls(DefaultUrl);
        builder.Services.AddSingleton(TimeProvider.System);
        return settings;
    }

    // Else it would be found out by the first upload.
    static void MakePackagesDirectory(string path)
    {
        try
        {
            Directory.CreateDirectory(path);
            File.Create(Path.Combine(path, ".written"), 1, FileOptions.DeleteOnClose).Dispose();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new CannotStartException(SettingsCheck.Sentence(
                nameof(DeploymentsSettings.PackagesDirectory), path,
                "it must be a folder that this program may make and write to"), exception);
        }
    }
}
