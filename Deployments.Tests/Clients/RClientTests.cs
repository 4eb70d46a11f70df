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

    [ClientFact("Rscript", "R")]
    public async Task Installs_what_R_has_built_and_was_sent_to_the_feed_without_a_name()
    {
        await home.WriteAsync("work/parts/DESCRIPTION", "Package: parts\nVersion: 0.3\nTitle: Parts\nLicense: MIT\n"
            + "Description: Parts of\n  acme.\nAuthor: Ada\nMaintainer: Ada <ada@example.com>\nImports: acme\n");
        await home.WriteAsync("work/parts/NAMESPACE", "export(half)\n");
        await home.WriteAsync("work/parts/R/parts.R", "half <- function() acme::answer() / 2\n");
        await home.SucceedAsync("work", "R", "CMD", "build", "parts");
        await feeds.UploadAsync("", await File.ReadAllBytesAsync(home.At("work", "parts_0.3.tar.gz")));

        await home.WriteAsync("work/install.R", $"""
            dir.create("{home.At("library")}")
            .libPaths("{home.At("library")}")
            install.packages("parts", repos = c(feed = "{feeds.Url.TrimEnd('/')}"), type = "source")
            cat(parts::half())
            """);
        Assert.EndsWith(
            "21", await home.SucceedAsync("work", "Rscript", "--vanilla", "install.R"), StringComparison.Ordinal);
    }

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
