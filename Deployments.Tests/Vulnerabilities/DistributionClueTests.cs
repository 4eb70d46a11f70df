using Deployments.Tests.Feeds;
using Deployments.Web.Feeds;

namespace Deployments.Tests.Vulnerabilities;

/// <summary>What the metadata of real repositories says of their distribution; nothing where it is not plain.</summary>
public sealed class DistributionClueTests
{
    [Theory]
    [InlineData("Origin: Debian\nLabel: Debian\nSuite: stable\nVersion: 12.5\nCodename: bookworm\n", "Debian:12")]
    [InlineData("Origin: Debian\nLabel: Debian-Security\nSuite: oldstable-security\nVersion: 11\n", "Debian:11")]
    [InlineData("Origin: Debian\nSuite: testing\nCodename: forky\n", "Debian:14")]
    [InlineData("Origin: Debian\nSuite: unstable\nCodename: sid\n", null)]
    [InlineData("-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA512\n\nOrigin: Ubuntu\nLabel: Ubuntu\nSuite: jammy\n"
        + "Version: 22.04\nCodename: jammy\n", "Ubuntu:22.04:LTS")]
    [InlineData("Origin: Ubuntu\nSuite: questing\nVersion: 25.10\nCodename: questing\n", "Ubuntu:25.10")]
    [InlineData("Origin: LP-PPA-deadsnakes\nSuite: jammy\nVersion: 22.04\nCodename: jammy\n", null)]
    [InlineData("Origin: Docker\nSuite: bookworm\nCodename: bookworm\n", null)]
    [InlineData("Origin: Debian\nVersion: ../../12\n", null)]
    [InlineData("<html>", null)]
    public void A_Release_file_names_origin_and_version(string release, string? distribution) =>
        Assert.Equal(distribution, DistributionClues.OfRelease(release));

    [Theory]
    [InlineData("cpe:/o:rocky:rocky:9", "Rocky Linux:9")]
    [InlineData("cpe:/o:rocky:rocky:9.4", "Rocky Linux:9")]
    [InlineData("cpe:/o:almalinux:almalinux:8::baseos", "AlmaLinux:8")]
    [InlineData("cpe:/o:redhat:enterprise_linux:9::baseos", "Red Hat:enterprise_linux:9")]
    [InlineData("cpe:/o:opensuse:leap:15.6", "openSUSE:Leap 15.6")]
    [InlineData("cpe:/o:suse:sles:15:sp5", "SUSE:Linux Enterprise Server 15 SP5")]
    [InlineData("cpe:/o:fedoraproject:fedora:40", null)]
    [InlineData("cpe:/o:centos:centos:9", null)]
    [InlineData("cpe:/a:rocky:rocky:9", null)]
    [InlineData("", null)]
    public void The_tags_of_repomd_name_a_platform(string cpe, string? distribution)
    {
        Assert.Equal(distribution, DistributionClues.OfRepomd(Given.Bytes(
            $"""
            <repomd xmlns="http://linux.duke.edu/metadata/repo"><revision>1</revision>
              <tags><distro cpeid="{cpe}">x</distro></tags></repomd>
            """)));
    }

    [Theory]
    [InlineData("<repomd/>")]
    [InlineData("no xml")]
    [InlineData("<!DOCTYPE x [<!ENTITY a 'b'>]><x/>")]
    public void What_is_no_repomd_says_nothing(string document) =>
        Assert.Null(DistributionClues.OfRepomd(Given.Bytes(document)));

    [Theory]
    [InlineData("https://mirror.example/alpine/v3.19/main", "Alpine:v3.19")]
    [InlineData("https://mirror.example/alpine/v3.20/community/x86_64/", "Alpine:v3.20")]
    [InlineData("https://mirror.example/alpine/edge/main", null)]
    [InlineData("https://packages.wolfi.dev/os", "Wolfi")]
    [InlineData("https://evil-wolfi.dev.example/os", null)]
    public void An_address_may_name_it(string address, string? distribution) =>
        Assert.Equal(distribution, DistributionClues.OfAddress(new Uri(address)));

    [Theory]
    [InlineData("v3.19.1-190-gc1b5ab5bc97\n", "Alpine:v3.19")]
    [InlineData("v20230901-12-gabc", null)]
    [InlineData("made here", null)]
    public void The_description_of_an_apk_index_names_the_branch(string description, string? distribution) =>
        Assert.Equal(distribution, DistributionClues.OfApkDescription(description));

    [Theory]
    [InlineData("deb", "3.0.11-1~deb12u2 1.2-3+deb12u1 2.0-1", "", "Debian:12")]
    [InlineData("deb", "2:8.39-13ubuntu0.22.04.1 1.0-1ubuntu1", "", "Ubuntu:22.04:LTS")]
    [InlineData("deb", "1.0-1 2:1.0-1ubuntu1", "", "")]
    [InlineData("rpm", "102.10.0-1.el9_2 1:1.0-1.el9", "https://rocky.example/9", "Rocky Linux:9")]
    [InlineData("rpm", "102.10.0-1.el8_7", "", "Rocky Linux:8,AlmaLinux:8,Red Hat:enterprise_linux:8")]
    [InlineData("rpm", "1.0-1.fc40 1.0-1.elf", "", "")]
    [InlineData("apk", "1.0-r0", "", "")]
    public void Marks_in_versions_tell_where_metadata_does_not(
        string type, string versions, string address, string distributions) =>
        Assert.Equal(distributions, string.Join(',', DistributionClues.OfVersions(
            type, versions.Split(' '), word => address.Contains(word, StringComparison.Ordinal))
            .Select(found => found.Distribution)));
}
