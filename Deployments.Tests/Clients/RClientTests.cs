using Deployments.Tests.Feeds;

namespace Deployments.Tests.Clients;

/// <summary>R, which can send headers of its own: it says itself what it deploys.</summary>
public sealed class RClientTests : IAsyncLifetime, IDisposable
{
    readonly ClientHome home = new();
    FeedPair feeds = null!;

    public async Task InitializeAsync()
    {
        feeds = await FeedPair.StartAsync("cran", "cran");
        await feeds.UploadAsync("src/contrib/acme_1.0-2.tar.gz", PackageHeads.TarGz(
            ("acme/DESCRIPTION", Given.Bytes("Package: acme\nVersion: 1.0-2\nTitle: x\nDescription: x.\nLicense: MIT\n"
                + "Author: Ada\nMaintainer: Ada <ada@example.com>\n")),
            ("acme/NAMESPACE", Given.Bytes("export(answer)\n")),
            ("acme/R/acme.R", Given.Bytes("answer <- function() 42\n"))));
    }

    public Task DisposeAsync() => feeds.DisposeAsync().AsTask();

    public void Dispose() => home.Dispose();

    [ClientFact("Rscript")]
    public async Task Installs_a_package_and_records_it_and_nothing_for_the_index()
    {
        await home.WriteAsync("work/install.R", $"""
            library <- "{home.At("library")}"
            dir.create(library)
            repository <- c(feed = "{feeds.Url.TrimEnd('/')}")
            headers <- c("X-ProGet-Deployment-Application" = "R", "X-ProGet-Deployment-Description" = "Nightly",
              "X-ProGet-Deployment-Target" = "stats-01")
            files <- download.packages("acme", ".", repos = repository, type = "source", headers = headers)
            install.packages(files[, 2], lib = library, repos = NULL, type = "source")
            library("acme", lib.loc = library, character.only = TRUE)
            cat(answer())
            """);
        var output = await home.SucceedAsync("work", "Rscript", "--vanilla", "install.R");

        Assert.EndsWith("42", output, StringComparison.Ordinal);
        Assert.Equal("/acme@1.0-2?ext=tar.gz", Assert.Single(await feeds.RecordsAsync()));
    }
}
