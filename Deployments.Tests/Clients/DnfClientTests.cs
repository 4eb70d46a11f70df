namespace Deployments.Tests.Clients;

/// <summary>dnf, with a repository that createrepo_c made of packages that rpmbuild made.</summary>
public sealed class DnfClientTests : IAsyncLifetime, IDisposable
{
    readonly ClientHome home = new();
    FeedPair feeds = null!;

    public async Task InitializeAsync() => feeds = await FeedPair.StartAsync("rpm", "rpm");

    public Task DisposeAsync() => feeds.DisposeAsync().AsTask();

    public void Dispose() => home.Dispose();

    [ClientFact("dnf", "createrepo_c", "rpmbuild")]
    public Task Downloads_a_package_whose_epoch_only_its_header_tells() => DownloadAsync(isIndexed: true);

    [ClientFact("dnf", "rpmbuild")]
    public Task Downloads_a_package_by_an_index_made_here() => DownloadAsync(isIndexed: false);

    async Task DownloadAsync(bool isIndexed)
    {
        await home.WriteAsync("build/acme.spec", """
            Name: acme
            Epoch: 3
            Version: 1.0
            Release: 1
            Summary: x
            License: MIT
            BuildArch: noarch
            Provides: acme-tool = 3:1.0
            Requires: acme-tool >= 2:0.9
            %description
            x
            %files
            """);
        await home.SucceedAsync("build", "rpmbuild", "-bb", "--define", $"_topdir {home.At("rpm")}",
            "--define", $"_rpmdir {home.At("tree")}", "--define", "_dbpath " + home.At("rpmdb"), "acme.spec");
        if (isIndexed)
            await home.SucceedAsync("tree", "createrepo_c", home.At("tree"));
        foreach (var file in Directory.GetFiles(home.At("tree"), "*", SearchOption.AllDirectories))
        {
            await feeds.UploadAsync(
                Path.GetRelativePath(home.At("tree"), file), await File.ReadAllBytesAsync(file));
        }

        await home.SucceedAsync("work", "dnf", "--installroot", home.At("root"), "--releasever", "1",
            "--setopt=reposdir=/dev/null", "--setopt=cachedir=" + home.At("dnf-cache"), "--setopt=pluginpath="
            + Plugins,
            "--repofrompath=feed," + feeds.Url, "--repo=feed", "--nogpgcheck", "--assumeyes", "download", "acme");

        Assert.NotEmpty(Directory.GetFiles(home.At("work"), "acme-1.0-1.noarch.rpm"));
        Assert.Empty(await feeds.RecordsAsync());
        await feeds.GetTaggedAsync(feeds.Url + "noarch/acme-1.0-1.noarch.rpm");
        Assert.Equal("/acme@3:1.0-1?arch=noarch", Assert.Single(await feeds.RecordsAsync()));
    }

    static string Plugins => "/usr/lib/python3/dist-packages/dnf-plugins";
}
