using Kd.TeacherService.Model;
using Kd.Tests;

namespace Kd.TeacherService.Tests.Model;

public sealed class ClassMapTests
{
    [Fact]
    public void Create_MiniImageNetFromImageNet_FindsEachClassByItsWordNetId()
    {
        var imagenet = ClassMap.ReadList(TestFiles.Shared("data/imagenet1k-classes.tsv"));
        var dataset = File.ReadAllLines(TestFiles.Shared("data/mini-imagenet-wnids.txt"));

        var map = ClassMap.Create(dataset, 1000, imagenet);

        Assert.Equal(dataset, map.Outputs!.Select(output => imagenet[(int)output]));
        Assert.Equal((1000, 100), (map.NetworkClasses, map.Classes.Count));
    }

    [Fact]
    public void Create_ClassThatTheTeacherLacks_IsNamed()
    {
        var error = Assert.Throws<TeacherException>(() => ClassMap.Create(["n1", "n9"], 3, ["n1", "n2", "n3"]));

        Assert.Contains("lacks 1 of the dataset's 2 classes: n9", error.Message);
    }

    [Fact]
    public void Create_UnnamedTeacherOfAnotherSize_AsksForAClassList()
    {
        var error = Assert.Throws<TeacherException>(() => ClassMap.Create(["a", "b"], 1000, null));

        Assert.Contains("Teacher:ClassList", error.Message);
    }

    [Fact]
    public void Create_DatasetWithoutClasses_HasTheTeachers()
    {
        Assert.Equal(["n1", "n2"], ClassMap.Create([], 2, ["n1", "n2"]).Classes);
        Assert.Contains("Set Teacher:ClassList", Assert.Throws<TeacherException>(() => ClassMap.Create([], 2, null)).Message);
        Assert.Contains("have the name 'great'", Assert.Throws<TeacherException>(() => ClassMap.Create([], 3, ["great", "cat", "great"])).Message);
    }

    [Fact]
    public void Create_SameClasses_NeedsNoMap() => Assert.Null(ClassMap.Create(["a", "b"], 2, ["a", "b"]).Outputs);
}
