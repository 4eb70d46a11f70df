using Deployments.Tests.Feeds;
using Deployments.Tests.Vulnerabilities;

namespace Deployments.Tests.Clients;

/// <summary>Composer, which sends headers of its own to a repository: it says itself what it deploys.</summary>
public sealed class ComposerClientTests : IAsyncLifetime, IDisposable
{
    readonly ClientHome home = new();
    FeedPair feeds = null!;

    public async Task InitializeAsync()
    {
        feeds = await FeedPair.StartAsync("composer", "composer");
        await feeds.UploadAsync("", Given.Zip(
            ("composer.json", Given.Bytes("""{"name":"acme/log","version":"1.2.0"}""")),
            ("log.php", Given.Bytes("<?php\n"))));
    }

    public Task DisposeAsync() => feeds.DisposeAsync().AsTask();

    public void Dispose() => home.Dispose();

    [ClientFact("composer")]
    public async Task Audits_what_it_has_installed()
    {
        await feeds.App.ImportAdvisoryAsync(
            Osv.Advisory("GHSA-xxxx-yyyy-zzzz", "acme/log", "0", "1.3.0", "Packagist"));
        await InstallAsync();

        var run = await home.RunAsync("project", "env", "COMPOSER_ALLOW_SUPERUSER=1", "composer", "audit",
            "--no-interaction", "--no-plugins");

        Assert.True(run.ExitCode == 1, run.Everything);
        Assert.Contains("GHSA-xxxx-yyyy-zzzz", run.Everything, StringComparison.Ordinal);
        Assert.Contains("<1.3.0", run.Everything, StringComparison.Ordinal);
    }

    [ClientFact("composer")]
    public async Task Installs_a_package_and_records_it_and_nothing_for_the_lists()
    {
        await InstallAsync();

        Assert.True(File.Exists(home.At("project", "vendor", "acme", "log", "log.php")));
        Assert.Equal("acme/log@1.2.0?", Assert.Single(await feeds.RecordsAsync()));
    }

    async Task InstallAsync()
    {
        await home.WriteAsync("project/composer.json",
            $$"""
            {
              "repositories": [
                { "packagist": false },
                { "type": "composer", "url": "{{feeds.Url.TrimEnd('/')}}",
                  "options": { "http": { "header": [
                    "X-ProGet-Deployment-Application: composer", "X-ProGet-Deployment-Description: Nightly",
                    "X-ProGet-Deployment-Target: web-01" ] } } } ],
              "require": { "acme/log": "^1.0" },
              "config": { "secure-http": false }
            }
            """);
        await home.SucceedAsync("project", "env", "COMPOSER_ALLOW_SUPERUSER=1", "composer", "install",
            "--no-interaction", "--no-plugins", "--ignore-platform-reqs");
    }
}
